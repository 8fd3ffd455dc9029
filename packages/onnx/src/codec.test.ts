import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { setAttr } from './attributes.ts';
import { cloneModel, decodeModel, encodeModel } from './codec.ts';
import { smallNets } from './models/small-nets.ts';
import { vggStyle } from './models/vgg.ts';
import { NodeProtoSchema, StringStringEntryProtoSchema } from './proto.ts';
import { readTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { noise, runModel } from './testing/runtime.ts';
import { validateGraph } from './validate.ts';

const small = () => vggStyle({ widths: [3, 'pool', 4], size: 6, seed: 1 });

describe('encodeModel', () => {
  it.each(Object.entries(smallNets))(
    'gives a file that decodes to the same fields and runs to the same bits: %s',
    async (name, make) => {
      const model = make(3);
      const decoded = decodeModel(encodeModel(model));
      expect(decoded).toEqual(model);
      const dims = [2, name === 'mfm' ? 1 : 3, 16, 16];
      const feeds = { image: { dims, data: noise(dims, 2) } };
      expect(await runModel(encodeModel(decoded), feeds)).toEqual(await runModel(model, feeds));
    },
  );

  it('is a fixed point: encoding what was decoded gives the same bytes', () => {
    const bytes = encodeModel(small());
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it('keeps fields that this version of the format does not know, wherever they stand', () => {
    const model = small();
    const unknown = [{ no: 999, wireType: 0, data: Uint8Array.of(42) }];
    model.$unknown = unknown;
    model.graph!.$unknown = unknown;
    model.graph!.node[0]!.$unknown = unknown;
    model.graph!.initializer[0]!.$unknown = unknown;
    model.graph!.input[0]!.type!.$unknown = unknown;
    for (const again of [decodeModel(encodeModel(model)), cloneModel(model)]) {
      expect(again.$unknown).toEqual(unknown);
      expect(again.graph!.$unknown).toEqual(unknown);
      expect(again.graph!.node[0]!.$unknown).toEqual(unknown);
      expect(again.graph!.initializer[0]!.$unknown).toEqual(unknown);
      expect(again.graph!.input[0]!.type!.$unknown).toEqual(unknown);
    }
  });

  it('tells an attribute that is zero from one that is absent', () => {
    const model = small();
    setAttr(model.graph!.node[0]!, 'group', 0);
    const [attribute] = decodeModel(encodeModel(model)).graph!.node[0]!.attribute.filter(
      ({ name }) => name === 'group',
    );
    expect(attribute && Object.hasOwn(attribute, 'i')).toBe(true);
    expect(attribute && Object.hasOwn(attribute, 'f')).toBe(false);
  });
});

describe('cloneModel', () => {
  it('can be changed without touching the original, and shares the bytes of its weights', () => {
    const model = small();
    const before = encodeModel(model);
    const copy = cloneModel(model);
    expect(copy).toEqual(model);
    expect(copy.graph!.initializer[0]!.rawData.buffer).toBe(model.graph!.initializer[0]!.rawData.buffer);
    copy.graph!.node.push(create(NodeProtoSchema, { opType: 'Relu' }));
    copy.graph!.node[0]!.input[0] = 'elsewhere';
    copy.graph!.initializer[0]!.dims = [1n];
    copy.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'a', value: 'b' }));
    expect(encodeModel(model)).toEqual(before);
  });
});

describe('decodeModel', () => {
  it('copies no weights', () => {
    const bytes = encodeModel(small());
    expect(decodeModel(bytes).graph!.initializer.every(({ rawData }) => rawData.buffer === bytes.buffer)).toBe(true);
  });

  it('answers every cut of a file with a code', () => {
    const bytes = encodeModel(small());
    for (let length = 0; length < bytes.length; length++) {
      expect(failureOf(() => decodeModel(bytes.subarray(0, length))).code).toMatch(
        length === 0 ? /^MODEL_EMPTY$/ : /^MODEL_(TRUNCATED|NOT_ONNX|NO_GRAPH)$/,
      );
    }
  });

  it('answers damaged bytes with a code or with a model that is safe to walk', () => {
    const bytes = encodeModel(small());
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = bytes.slice();
        for (const [position, value] of changes) damaged[position] = value;
        try {
          const model = decodeModel(damaged);
          validateGraph(model);
          for (const tensor of model.graph!.initializer) readTensor(tensor);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 3000, seed: 5 },
    );
  });

  it('answers random bytes with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(failureOf(() => decodeModel(bytes)).code).not.toBe('NONE');
      }),
      { numRuns: 2000, seed: 6 },
    );
  });
});
