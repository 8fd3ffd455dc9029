import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { setAttr } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { refuseMadeLarge } from './made-sizes.ts';
import { GraphProtoSchema, type ModelProto } from './proto.ts';
import { floatTensor, intTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { validateGraph } from './validate.ts';
import { valueInfo } from './value-info.ts';

/** Elements that may be made here: what is just above is as harmless as what is just below. */
const MOST = 1000;

type Make = (net: GraphBuilder, image: string, side: number) => string;
const ints = (net: GraphBuilder, ...values: number[]): string => net.init(intTensor(values));
const scalar = (net: GraphBuilder, value: number): string => net.init(intTensor([value], []));

/** Each makes as many elements as `side` says, or a little more, out of a few numbers. */
const WAYS: Readonly<Record<string, Make>> = {
  ConstantOfShape: (net, _image, side) => net.node('ConstantOfShape', [ints(net, 1, side)]),
  Expand: (net, _image, side) => net.node('Expand', [net.init(floatTensor([1], [2])), ints(net, side, 1)]),
  Tile: (net, image, side) => net.node('Tile', [image, ints(net, 1, 1, side, 1)]),
  Range: (net, _image, side) => net.node('Range', [scalar(net, 0), scalar(net, side), scalar(net, 1)]),
  'Resize by sizes': (net, image, side) => net.node('Resize', [image, '', '', ints(net, 1, 1, side, 1)]),
  'Resize by scales': (net, image, side) =>
    net.node('Resize', [image, '', net.init(floatTensor([4], [1, 1, side, 1]))]),
  Pad: (net, image, side) => net.node('Pad', [image, ints(net, 0, 0, side - 1, 0, 0, 0, 1, 0)]),
  OneHot: (net, _image, side) =>
    net.node('OneHot', [ints(net, 0), scalar(net, side), net.init(floatTensor([2], [0, 1]))]),
  RandomNormal: (net, _image, side) => net.node('RandomNormal', [], { shape: [side] }),
  'the padding of a convolution': (net, image, side) =>
    net.node('Conv', [image, net.init(floatTensor([1, 1, 1, 1], [1]))], { pads: [side - 1, 0, 0, 0] }),
  'the padding of a pooling': (net, image, side) =>
    net.node('MaxPool', [image], { kernel_shape: [2, 1], pads: [side, 0, 0, 0] }),
  'the shape of a transposed convolution': (net, image, side) =>
    net.node('ConvTranspose', [image, net.init(floatTensor([1, 1, 1, 1], [1]))], { output_shape: [side, 1] }),
  'what another one made, repeated': (net, _image, side) =>
    net.node('Tile', [net.node('ConstantOfShape', [ints(net, 10)]), ints(net, side / 10)]),
  'a shape that is computed first': (net, _image, side) =>
    net.node('ConstantOfShape', [net.node('Mul', [ints(net, side / 10), ints(net, 10)])]),
  'joined parts': (net, _image, side) => {
    const part = net.node('ConstantOfShape', [ints(net, side / 10)]);
    return net.node('Concat', Array<string>(10).fill(part), { axis: 0 });
  },
};

function network(make: Make, side: number): ModelProto {
  const net = new GraphBuilder();
  net.output(make(net, net.input('image', ['N', 1, 1, 1]), side));
  return net.build();
}

describe('what a few numbers ask for is refused above the limit and taken at it', () => {
  it.each(Object.entries(WAYS))('%s', (_name, make) => {
    refuseMadeLarge(network(make, MOST), MOST);
    expect(failureOf(() => refuseMadeLarge(network(make, MOST + 10), MOST))).toMatchObject({
      code: 'MODEL_TOO_LARGE',
      message: 'stored numbers ask for 1010 elements that an operator makes; the limit is 1000',
    });
  });

  it('inside of a branch too', () => {
    const model = network((net, image) => net.relu(image), 1);
    const inner = network(WAYS['Expand']!, MOST + 10).graph!;
    setAttr(model.graph!.node[0]!, 'then_branch', {
      graph: create(GraphProtoSchema, {
        node: inner.node,
        initializer: inner.initializer,
        output: [valueInfo('expand1')],
      }),
    });
    expect(failureOf(() => refuseMadeLarge(model, MOST)).where).toBe('node expand1 (Expand)');
  });

  it('by validateGraph, with the limit of every model', () => {
    const most = DEFAULT_LIMITS.made;
    validateGraph(network(WAYS['Range']!, most));
    expect(failureOf(() => validateGraph(network(WAYS['Range']!, most + 1)))).toMatchObject({
      code: 'MODEL_TOO_LARGE',
    });
  });
});

describe('numbers without a meaning', () => {
  it.each([
    ['a negative shape', -5],
    ['a shape beyond all integers', 2 ** 53],
  ])('%s is left to ONNX Runtime, or refused', (_what, side) => {
    const make = (): void => refuseMadeLarge(network(WAYS['ConstantOfShape']!, side), MOST);
    if (side < 0) make();
    else expect(failureOf(make).code).toBe('MODEL_TOO_LARGE');
  });

  it('a chain of twenty thousand additions is followed without a call stack', () => {
    const net = new GraphBuilder();
    const image = net.input('image', ['N', 1]);
    const one = net.init(intTensor([1]), 'one');
    let x = one;
    for (let i = 0; i < 20_000; i++) x = net.node('Add', [x, one]);
    net.output(net.node('Expand', [image, x]));
    expect(failureOf(() => refuseMadeLarge(net.build(), MOST)).message).toContain('20001 elements');
  });
});
