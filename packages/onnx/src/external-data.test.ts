import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from './codec.ts';
import { inlineExternalData } from './external-data.ts';
import { smallNets } from './models/small-nets.ts';
import type { ModelProto } from './proto.ts';
import { DataLocation, StringStringEntryProtoSchema } from './proto.ts';
import { skeleton } from './skeleton.ts';
import { readTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';

const entry = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });

/** A model whose weights lie one after the other in weights.bin, and that file. */
function split(): { model: ModelProto; file: Uint8Array; whole: ModelProto } {
  const whole = smallNets['residual']!(1);
  const model = decodeModel(encodeModel(whole));
  const file = new Uint8Array(1 << 16);
  let offset = 0;
  for (const tensor of model.graph!.initializer) {
    const { rawData } = tensor;
    file.set(rawData, offset);
    tensor.externalData = [
      entry('location', 'data/weights.bin'),
      entry('offset', `${offset}`),
      entry('length', `${rawData.length}`),
    ];
    tensor.dataLocation = DataLocation.EXTERNAL;
    Reflect.deleteProperty(tensor, 'rawData');
    offset += rawData.length;
  }
  return { model, file, whole };
}

describe('inlineExternalData', () => {
  it('gives the model that was split, also after a trip through a file', () => {
    const { model, file, whole } = split();
    const read = decodeModel(encodeModel(model));
    inlineExternalData(read, (location, offset, length = 0) => {
      expect(location).toBe('data/weights.bin');
      return file.subarray(offset, offset + length);
    });
    expect(encodeModel(read)).toEqual(encodeModel(whole));
  });

  it('asks for as many bytes as the dimensions need when the entry names no length', () => {
    const { model } = split();
    const [first] = model.graph!.initializer;
    first!.externalData = [entry('location', 'w.bin')];
    model.graph!.initializer = [first!];
    const asked: unknown[] = [];
    inlineExternalData(model, (...request) => {
      asked.push(request);
      return new Uint8Array(request[2] ?? 0);
    });
    expect(asked).toEqual([['w.bin', 0, 8 * 3 * 9 * 4]]);
  });

  it('leaves out what a skeleton left out', () => {
    const bare = skeleton(smallNets['vgg']!(1));
    inlineExternalData(bare, () => {
      throw new Error('nothing was to be read');
    });
    expect(failureOf(() => readTensor(bare.graph!.initializer[0]!)).code).toBe('TENSOR_WEIGHTS_DROPPED');
  });

  it('is named by whoever reads a weight without it', () => {
    expect(failureOf(() => readTensor(split().model.graph!.initializer[0]!))).toEqual({
      code: 'TENSOR_EXTERNAL',
      message: 'the values of this tensor lie in another file',
      where: 'tensor conv1.weight',
    });
  });
});

const SIZE = 8 * 3 * 9 * 4;

describe('inlineExternalData refuses', () => {
  it.each([
    ['/etc/passwd', 'location "/etc/passwd" is absolute'],
    ['C:/weights.bin', 'location "C:/weights.bin" is absolute'],
    ['../weights.bin', 'location "../weights.bin" leads out of the folder'],
    ['a/../../weights.bin', 'location "a/../../weights.bin" leads out of the folder'],
    ['a/..', 'location "a/.." leads out of the folder'],
    ['..\\weights.bin', 'location "..\\\\weights.bin" contains a backslash'],
    ['a\0.bin', 'location "a\\u0000.bin" contains a control character'],
    ['', 'location "" is empty'],
    ['x'.repeat(2000), 'location is 2000 characters long'],
  ])('the location %j', (location, message) => {
    const { model } = split();
    model.graph!.initializer[0]!.externalData = [entry('location', location)];
    expect(failureOf(() => inlineExternalData(model, () => new Uint8Array()))).toEqual({
      code: 'EXTERNAL_DATA_LOCATION',
      message,
      where: 'initializer conv1.weight',
    });
  });

  it.each([
    ['a negative offset', [entry('offset', '-4')], 0, 'offset is "-4"'],
    ['an offset in hexadecimal', [entry('offset', '0x10')], 0, 'offset is "0x10"'],
    ['an offset beyond 2^53', [entry('offset', '9999999999999999')], 0, 'offset is "9999999999999999"'],
    ['a length that is not a number', [entry('length', 'all')], 0, 'length is "all"'],
    [
      'a length that does not fit',
      [entry('length', '8')],
      8,
      `dimensions [8, 3, 3, 3] of FLOAT need ${SIZE} bytes, the entry declares 8`,
    ],
    ['a file that is too short', [], 10, `dimensions [8, 3, 3, 3] of FLOAT need ${SIZE} bytes, w.bin gave 10`],
  ])('%s', (_name, entries, given, message) => {
    const { model } = split();
    model.graph!.initializer[0]!.externalData = [entry('location', 'w.bin'), ...entries];
    expect(failureOf(() => inlineExternalData(model, () => new Uint8Array(given)))).toEqual({
      code: 'EXTERNAL_DATA_RANGE',
      message,
      where: 'initializer conv1.weight',
    });
  });
});
