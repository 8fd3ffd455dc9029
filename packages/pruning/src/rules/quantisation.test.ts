import { costs, DataType, floatTensor, Graph, Layers, readTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { storedBehind, storedNumbers } from '../trace/stored.ts';
import type { Middle } from '../testing/middle.ts';
import { expectPasses, expectStops, noted, perChannel } from '../testing/middle.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';

const floats = (net: Layers, values: readonly number[]) => net.graph.init(floatTensor([values.length], values));
const scale = (net: Layers, value: number) => net.graph.init(floatTensor([], [value]));
const bytes = (net: Layers, dims: readonly number[]) => {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Int8Array.from({ length: count }, (_, i) => ((i * 37) % 255) - 127);
  return net.graph.init({ dims, type: DataType.INT8, data });
};
const zero = (net: Layers, dims: readonly number[] = []) =>
  net.graph.init({ dims, type: DataType.INT8, data: new Int8Array(dims[0] ?? 1) });
const rising = (count: number) => Array.from({ length: count }, (_, i) => 0.002 + 0.001 * i);

/** An int8 weight with a scale for each position along an axis. */
const weight = (net: Layers, dims: readonly number[], axis: number) => {
  const size = dims[axis]!;
  return net.graph.node('DequantizeLinear', [bytes(net, dims), floats(net, rising(size)), zero(net, [size])], { axis });
};

const around: Middle = (net, x) => {
  const whole = net.graph.node('QuantizeLinear', [x, scale(net, 0.01), zero(net)]);
  return net.note(net.graph.node('DequantizeLinear', [whole, scale(net, 0.01), zero(net)]), net.shape(x));
};

const PASSING: readonly [string, Middle][] = [
  ['a value quantised with one scale', around],
  [
    'a value quantised with a scale and zero point for each channel',
    (net, x) => {
      const parameters = [floats(net, rising(8)), zero(net, [8])];
      const whole = net.graph.node('QuantizeLinear', [x, ...parameters]);
      return net.note(net.graph.node('DequantizeLinear', [whole, ...parameters]), [8, 8, 8]);
    },
  ],
  [
    'a convolution with an int8 weight, a scale for each filter and an int32 bias',
    (net, x) => {
      const bias = net.graph.init({ dims: [6], type: DataType.INT32, data: Int32Array.from([5, -9, 4, 80, -3, 7]) });
      const inputs = [
        around(net, x),
        weight(net, [6, 8, 1, 1], 0),
        net.graph.node('DequantizeLinear', [bias, floats(net, rising(6))], { axis: 0 }),
      ];
      return noted(net, net.graph.node('Conv', inputs, { kernel_shape: [1, 1] }), 6, 8, 8);
    },
  ],
  [
    'a grouped convolution with an int8 weight',
    (net, x) => noted(net, net.graph.node('Conv', [x, weight(net, [6, 4, 1, 1], 0)], { group: 2 }), 6, 8, 8),
  ],
  [
    'a depthwise convolution with an int8 weight',
    (net, x) => noted(net, net.graph.node('Conv', [x, weight(net, [8, 1, 1, 1], 0)], { group: 8 }), 8, 8, 8),
  ],
  [
    'a transposed convolution with an int8 weight and a scale for each filter',
    (net, x) => noted(net, net.graph.node('ConvTranspose', [x, weight(net, [8, 6, 1, 1], 1)]), 6, 8, 8),
  ],
  [
    'a weight that training quantises, and that two convolutions share',
    (net, x) => {
      const parameters = [floats(net, rising(8)), zero(net, [8])];
      const whole = net.graph.node('QuantizeLinear', [perChannel(net, [8, 8, 1, 1]), ...parameters], { axis: 0 });
      const shared = net.graph.node('DequantizeLinear', [whole, ...parameters], { axis: 0 });
      const once = net.note(net.graph.node('Conv', [x, shared]), [8, 8, 8]);
      return net.note(net.graph.node('Conv', [net.relu(once), shared]), [8, 8, 8]);
    },
  ],
  [
    'a weight stored in half precision and cast',
    (net, x) => {
      const half = net.graph.init({
        dims: [6, 8, 1, 1],
        type: DataType.FLOAT16,
        data: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
      });
      return noted(net, net.graph.node('Conv', [x, net.graph.node('Cast', [half], { to: DataType.FLOAT })]), 6, 8, 8);
    },
  ],
];

const STOPPING: readonly [string, Middle, string][] = [
  [
    'scales that the groups of a transposed convolution share',
    (net, x) => noted(net, net.graph.node('ConvTranspose', [x, weight(net, [8, 3, 1, 1], 1)], { group: 2 }), 6, 8, 8),
    'feeds convtranspose1 (ConvTranspose), which has weights with scales that groups share',
  ],
  [
    'a scale measured on the value',
    (net, x) => {
      const [whole, factor, shift] = net.graph.multi('DynamicQuantizeLinear', [x], 3);
      return noted(net, net.graph.node('DequantizeLinear', [whole!, factor!, shift!]), 8, 8, 8);
    },
    'feeds dynamicquantizelinear1 (DynamicQuantizeLinear), which has no channel rule',
  ],
];

describe('channels of a quantised network', () => {
  it.each(PASSING)('go with %s', (_, middle) => expectPasses(middle));
  it.each(STOPPING)('stay with %s', (_, middle, reason) => expectStops(middle, reason));

  it('take their scales and zero points along, and what is stored keeps its names and its type', async () => {
    const net = new Layers(9);
    const before = net.block(net.image(3, 8), 8, { name: 'before' });
    const quantised = weight(net, [6, 8, 1, 1], 0);
    const after = net.note(net.graph.node('Conv', [before, quantised]), [6, 8, 8]);
    net.heads(net.block(after, 4, { name: 'last' }), { logits: 3 });
    const model = net.build();
    const { pruned, proof } = await provePlan(model);
    expectProved(proof);
    const [old, now] = [new Graph(model), new Graph(pruned)];
    const read = (graph: Graph) => graph.producer(quantised)!.input.map((name) => readTensor(graph.initializer(name)!));
    expect(now.producer(quantised)).toMatchObject({
      name: old.producer(quantised)!.name,
      input: old.producer(quantised)!.input,
    });
    expect(read(now).map(({ dims, type }) => [dims, type])).toEqual([
      [[3, 4, 1, 1], DataType.INT8],
      [[3], DataType.FLOAT],
      [[3], DataType.INT8],
    ]);
    expect(read(old)[1]!.data).toEqual(expect.objectContaining({ length: 6 }));
  });
});

it('a quantised weight is read in the numbers that its convolution sees', () => {
  const net = new Layers(1);
  const [x, data] = [net.image(2, 4), Int8Array.of(1, 2, 3, 4)];
  const stored = net.graph.init({ dims: [2, 2, 1, 1], type: DataType.INT8, data });
  const zeros = net.graph.init({ dims: [2], type: DataType.INT8, data: Int8Array.of(0, 1) });
  const read = net.graph.node('DequantizeLinear', [stored, floats(net, [0.5, 2]), zeros], { axis: 0 });
  net.output(net.note(net.graph.node('Conv', [x, read]), [2, 4, 4]));
  const graph = new Graph(net.build());
  expect(storedNumbers(graph, storedBehind(graph, read)!).data).toEqual(Float32Array.of(0.5, 1, 4, 6));
});

it('a layer that computes in whole numbers stays, named and counted', async () => {
  const net = new Layers(2, { opset: 11 });
  const before = net.block(net.image(3, 8), 8, { name: 'before' });
  const byte = net.graph.init({ dims: [], type: DataType.UINT8, data: Uint8Array.of(128) });
  const x = net.graph.node('QuantizeLinear', [before, scale(net, 0.03), byte]);
  const operands = [x, scale(net, 0.03), byte, bytes(net, [6, 8, 1, 1]), floats(net, rising(6)), zero(net, [6])];
  const conv = net.graph.node('QLinearConv', [...operands, scale(net, 0.05), byte], {}, 'whole');
  const plain = noted(net, net.graph.node('DequantizeLinear', [conv, scale(net, 0.05), byte]), 6, 8, 8);
  net.heads(net.block(plain, 6, { name: 'after' }), { logits: 3 });
  const model = net.build();
  const proved = await provePlan(model);
  expect(proved.plan.layers.map(({ name, filters, kept, reason }) => [name, filters, kept.length, reason])).toEqual([
    ['before', 8, 8, 'feeds whole (QLinearConv), which computes in whole numbers'],
    ['whole', 6, 6, 'feeds whole (QLinearConv), which computes in whole numbers'],
    ['after', 6, 3, undefined],
    ['logits', 3, 3, 'is the graph output logits'],
  ]);
  expectProved(proved.proof);
  const { nodes } = costs(model, proved.shapes);
  expect(nodes.find(({ name }) => name === 'whole')).toMatchObject({ parameters: 48, macs: 48 * 64 });
});
