import type { Layers } from '@kneepoint/onnx';
import { DataType, floatTensor, intTensor } from '@kneepoint/onnx';
import type { Middle } from './middle.ts';
import { constant, noted, perChannel, pointwise } from './middle.ts';
import type { Mutation } from './mutations.ts';
import { averages, cutsAnother, passes, shifted, sums, unfrozen, unsummed, untied, unwritten } from './mutations.ts';

/** A network around an operator whose rule is wrong, and in what way. */
export interface Mutant {
  readonly op: string;
  readonly wrong: string;
  readonly middle: Middle;
  readonly mutation: Mutation;
  readonly opset?: number;
}

const net1 =
  (op: string, inputs: (net: Layers) => readonly string[], shape: readonly number[], attributes = {}): Middle =>
  (net, x) =>
    noted(net, net.graph.node(op, [x, ...inputs(net)], attributes), ...shape);

const weights =
  (...dims: number[]) =>
  (net: Layers) => [perChannel(net, dims, 'w')];
const ints =
  (...lists: number[][]) =>
  (net: Layers) =>
    lists.map((list) => constant(net, ...list));
const scalar = (net: Layers, value: number) => net.graph.init(floatTensor([], [value]));
const single = (net: Layers, value: number) => net.graph.init(intTensor([value], []));
const byte = (net: Layers, dims: readonly number[] = []) =>
  net.graph.init({ dims, type: DataType.INT8, data: new Int8Array(dims[0] ?? 1) });

/** A middle whose result is added to a layer of its own, so that it meets other channels. */
const beside =
  (op: string, attributes = {}): Middle =>
  (net, x) =>
    net.pointwise(op, [x, net.conv(x, 8)], attributes);

const last =
  (work: (net: Layers, y: string) => string, channels: number): Middle =>
  (net, x) => {
    const moved = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
    return noted(net, net.graph.node('Transpose', [work(net, moved)], { perm: [0, 3, 1, 2] }), channels, 8, 8);
  };

const gate =
  (op: string, attributes = {}): Middle =>
  (net, x) =>
    net.pointwise('Mul', [x, net.graph.node('Sigmoid', [net.graph.node(op, [x], attributes)])]);

const recurrentRows: Middle = (net, x) => {
  const rows = net.graph.node('ReduceMean', [x], { axes: [3], keepdims: 0 });
  const steps = net.graph.node('Transpose', [rows], { perm: [2, 0, 1] });
  const parts = [perChannel(net, [1, 12, 8], 'w'), perChannel(net, [1, 12, 4], 'r')];
  const [all] = net.graph.multi('GRU', [steps, ...parts], 1, { hidden_size: 4 });
  const states = net.graph.node('Squeeze', [all!, constant(net, 1)]);
  const seen = net.graph.node('Transpose', [states], { perm: [1, 2, 0] });
  return noted(net, net.graph.node('Unsqueeze', [seen, constant(net, 3)]), 4, 8, 1);
};

const wholeNumbers =
  (op: string): Middle =>
  (net, x) => {
    const zero = net.graph.init({ dims: [], type: DataType.UINT8, data: Uint8Array.of(128) });
    const whole = net.graph.node('QuantizeLinear', [x, scalar(net, 0.03), zero]);
    const conv = op.endsWith('Conv') || op === 'ConvInteger';
    const dims = conv ? [6, 8, 1, 1] : [8, 6];
    const data = Int8Array.from({ length: 48 }, (_, i) => ((i * 37) % 255) - 127);
    const weight = net.graph.init({ dims, type: DataType.INT8, data });
    const read = conv ? whole : net.graph.node('Transpose', [whole], { perm: [0, 2, 3, 1] });
    const step = scalar(net, 0.01);
    const linear = op.startsWith('QLinear');
    const inputs = linear
      ? [read, scalar(net, 0.03), zero, weight, step, byte(net), scalar(net, 0.1), zero]
      : [read, weight, zero];
    const result = net.graph.node(op, inputs);
    const plain = linear
      ? net.graph.node('DequantizeLinear', [result, scalar(net, 0.1), zero])
      : net.graph.node('Mul', [net.graph.node('Cast', [result], { to: DataType.FLOAT }), scalar(net, 3e-4)]);
    return noted(net, conv ? plain : net.graph.node('Transpose', [plain], { perm: [0, 3, 1, 2] }), 6, 8, 8);
  };

/** For every rule at least one way of being wrong. */
export const MUTANTS: readonly Mutant[] = [
  { op: 'Conv', wrong: 'sums over unmasked channels', middle: (net, x) => net.conv(x, 6), mutation: unsummed },
  { op: 'Conv', wrong: 'cuts other inputs', middle: (net, x) => net.conv(x, 6), mutation: cutsAnother },
  { op: 'Conv', wrong: 'mistakes its filters', middle: (net, x) => net.conv(x, 6), mutation: shifted },
  {
    op: 'Conv',
    wrong: 'keeps its number of groups',
    middle: (net, x) => net.conv(x, 8, { group: 8 }),
    mutation: unwritten,
  },
  {
    ...{ op: 'ConvTranspose', wrong: 'mistakes its filters', mutation: shifted },
    middle: net1('ConvTranspose', weights(8, 6, 1, 1), [6, 8, 8]),
  },
  { op: 'Gemm', wrong: 'cuts other inputs', middle: gemmGate, mutation: cutsAnother },
  { op: 'Gemm', wrong: 'sums over unmasked channels', middle: gemmGate, mutation: unsummed },
  {
    ...{ op: 'MatMul', wrong: 'cuts other inputs', mutation: cutsAnother },
    middle: last((net, y) => net.graph.node('MatMul', [y, perChannel(net, [8, 6], 'w')]), 6),
  },
  {
    ...{ op: 'Einsum', wrong: 'sums over unmasked channels', mutation: unsummed },
    middle: net1('Einsum', weights(6, 8), [6, 8, 8], { equation: 'nchw,dc->ndhw' }),
  },
  { op: 'GRU', wrong: 'cuts other inputs', middle: recurrentRows, mutation: cutsAnother },
  {
    op: 'BatchNormalization',
    wrong: 'mistakes its parameters',
    middle: (net, x) => net.batchNorm(x),
    mutation: cutsAnother,
  },
  {
    ...{ op: 'InstanceNormalization', wrong: 'mistakes its parameters', mutation: cutsAnother },
    middle: (net, x) =>
      net.pointwise('InstanceNormalization', [x, net.vector('s', 8, 1, 0.4), net.vector('b', 8, 0, 0.4)]),
  },
  {
    ...{ op: 'LayerNormalization', wrong: 'mistakes its parameters', mutation: cutsAnother },
    middle: last(
      (net, y) => net.graph.node('LayerNormalization', [y, net.vector('s', 8, 1, 0.4), net.vector('b', 8, 0, 0.4)]),
      8,
    ),
  },
  {
    ...{ op: 'GroupNormalization', wrong: 'keeps its number of groups', mutation: unwritten, opset: 21 },
    middle: (net, x) =>
      net.pointwise('GroupNormalization', [x, net.vector('s', 8, 1, 0.4), net.vector('b', 8, 0, 0.4)], {
        num_groups: 4,
      }),
  },
  {
    ...{ op: 'GroupNormalization', wrong: 'does not tie its groups', mutation: untied, opset: 21 },
    middle: (net, x) =>
      net.pointwise('GroupNormalization', [x, net.vector('s', 8, 1, 0.4), net.vector('b', 8, 0, 0.4)], {
        num_groups: 2,
      }),
  },
  {
    op: 'LpNormalization',
    wrong: 'takes a norm of unmasked channels',
    middle: pointwise('LpNormalization', { axis: 1 }),
    mutation: unsummed,
  },
  {
    ...{ op: 'MeanVarianceNormalization', wrong: 'passes channels that it mixes', mutation: passes },
    middle: pointwise('MeanVarianceNormalization', { axes: [1, 2, 3] }),
  },
  {
    op: 'LRN',
    wrong: 'passes channels that it mixes',
    middle: pointwise('LRN', { size: 3, alpha: { float: 0.3 } }),
    mutation: passes,
  },
  { op: 'Sigmoid', wrong: 'mistakes its channels', middle: pointwise('Sigmoid'), mutation: shifted },
  { op: 'Add', wrong: 'does not tie what it adds', middle: beside('Add'), mutation: untied },
  {
    ...{ op: 'Mul', wrong: 'mistakes its constant', mutation: cutsAnother },
    middle: (net, x) => net.pointwise('Mul', [x, perChannel(net, [8, 1, 1])]),
  },
  {
    op: 'MaxPool',
    wrong: 'mistakes its channels',
    middle: pointwise('MaxPool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    mutation: shifted,
  },
  {
    ...{ op: 'MaxUnpool', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) => {
      const [pooled, places] = net.graph.multi('MaxPool', [x], 2, { kernel_shape: [2, 2], strides: [2, 2] });
      const inner = net.conv(noted(net, pooled!, 8, 4, 4), 8);
      return noted(
        net,
        net.graph.node('MaxUnpool', [inner, places!], { kernel_shape: [2, 2], strides: [2, 2] }),
        8,
        8,
        8,
      );
    },
  },
  {
    ...{ op: 'QuantizeLinear', wrong: 'mistakes its scales', mutation: cutsAnother },
    middle: (net, x) => {
      const steps = net.graph.init(
        floatTensor(
          [8],
          Array.from({ length: 8 }, (_, i) => 0.02 * (1 + i)),
        ),
      );
      const whole = net.graph.node('QuantizeLinear', [x, steps, byte(net, [8])], {});
      return noted(net, net.graph.node('DequantizeLinear', [whole, steps, byte(net, [8])]), 8, 8, 8);
    },
  },
  ...['QLinearConv', 'ConvInteger', 'QLinearMatMul', 'MatMulInteger'].map((op): Mutant => ({
    op,
    wrong: 'lets go what its weights cannot follow',
    middle: wholeNumbers(op),
    mutation: unfrozen,
  })),
  {
    ...{ op: 'Concat', wrong: 'joins in another order', mutation: shifted },
    middle: (net, x) => net.concat([x, net.conv(x, 4)]),
  },
  {
    ...{ op: 'Split', wrong: 'keeps its sizes', mutation: unwritten },
    middle: splits,
  },
  { op: 'Split', wrong: 'mistakes its channels', middle: splits, mutation: shifted },
  {
    op: 'Slice',
    wrong: 'keeps its bounds',
    middle: net1('Slice', ints([2], [7], [1]), [5, 8, 8]),
    mutation: unwritten,
  },
  {
    ...{ op: 'Reshape', wrong: 'keeps its shape', mutation: unwritten },
    middle: net1('Reshape', ints([0, 8, 8, 8]), [8, 8, 8]),
  },
  {
    ...{ op: 'Flatten', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) =>
      net.pointwise('Mul', [
        x,
        net.graph.node('Reshape', [net.linear(net.flatten(net.globalPool(x)), 8), constant(net, 0, -1, 1, 1)]),
      ]),
  },
  {
    op: 'Transpose',
    wrong: 'mistakes its channels',
    middle: last((net, y) => net.graph.node('Relu', [y]), 8),
    mutation: shifted,
  },
  {
    op: 'Gather',
    wrong: 'keeps its positions',
    middle: net1('Gather', ints([7, 1, 0, 4, 2]), [5, 8, 8], { axis: 1 }),
    mutation: unwritten,
  },
  {
    op: 'ReduceMean',
    wrong: 'takes the mean of all for that of the kept',
    middle: gate('ReduceMean', { axes: [1] }),
    mutation: sums,
  },
  {
    op: 'ReduceLogSumExp',
    wrong: 'passes over channels',
    middle: gate('ReduceLogSumExp', { axes: [1] }),
    mutation: sums,
  },
  {
    ...{ op: 'ReduceSum', wrong: 'takes a mean for a sum', mutation: averages },
    middle: (net, x) =>
      net.pointwise('Add', [x, net.graph.node('Sigmoid', [net.graph.node('ReduceSum', [x, constant(net, 1)])])]),
  },
  { op: 'ReduceL2', wrong: 'sums over unmasked channels', middle: gate('ReduceL2', { axes: [1] }), mutation: unsummed },
  {
    ...{ op: 'ArgMax', wrong: 'counts places among fewer channels', mutation: sums },
    middle: (net, x) => {
      const top = net.graph.node('Cast', [net.graph.node('ArgMax', [x], { axis: 1 })], { to: DataType.FLOAT });
      return net.pointwise('Add', [x, net.graph.node('Sin', [top])]);
    },
  },
  {
    ...{ op: 'Pad', wrong: 'adds as many channels as before', mutation: unwritten },
    middle: (net, x) =>
      net.pointwise('Add', [
        noted(net, net.graph.node('Pad', [x, constant(net, 0, 2, 0, 0, 0, 2, 0, 0)]), 12, 8, 8),
        net.conv(x, 12),
      ]),
  },
  {
    op: 'Softmax',
    wrong: 'passes channels that it mixes',
    middle: pointwise('Softmax', { axis: 1 }),
    mutation: passes,
  },
  {
    ...{ op: 'Resize', wrong: 'keeps its sizes', mutation: unwritten },
    middle: (net, x) =>
      noted(net, net.graph.node('Resize', [x, '', '', constant(net, 2, 8, 16, 16)], { mode: 'nearest' }), 8, 16, 16),
  },
  {
    ...{ op: 'Resize', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) =>
      noted(
        net,
        net.graph.node('Resize', [x, '', net.graph.init(floatTensor([4], [1, 1, 2, 2]))], { mode: 'nearest' }),
        8,
        16,
        16,
      ),
  },
  {
    ...{ op: 'Expand', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) =>
      net.pointwise('Mul', [
        net.relu(x),
        net.graph.node('Expand', [net.globalPool(net.conv(x, 8)), net.graph.node('Shape', [x])]),
      ]),
  },
  {
    ...{ op: 'ConstantOfShape', wrong: 'keeps its shape', mutation: unwritten },
    middle: (net, x) => {
      const batch = net.graph.node('Slice', [net.graph.node('Shape', [x]), constant(net, 0), constant(net, 1)]);
      const sizes = net.graph.node('Concat', [batch, constant(net, 4, 8, 8)], { axis: 0 });
      const filled = net.graph.node('ConstantOfShape', [sizes]);
      return net.pointwise('Add', [
        net.note(net.graph.node('Concat', [x, filled], { axis: 1 }), [12, 8, 8]),
        net.conv(x, 12),
      ]);
    },
  },
  {
    op: 'Tile',
    wrong: 'mistakes its channels',
    middle: net1('Tile', ints([1, 2, 1, 1]), [16, 8, 8]),
    mutation: shifted,
  },
  {
    op: 'CumSum',
    wrong: 'passes channels that it adds up',
    middle: (net, x) => net.pointwise('CumSum', [x, single(net, 1)]),
    mutation: passes,
  },
  {
    ...{ op: 'TopK', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) => noted(net, net.graph.multi('TopK', [x, constant(net, 3)], 2, { axis: -1 })[0]!, 8, 8, 3),
  },
  {
    ...{ op: 'GridSample', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) =>
      net.pointwise('GridSample', [
        x,
        net.graph.node('Tanh', [net.graph.node('Transpose', [net.conv(x, 2)], { perm: [0, 2, 3, 1] })]),
      ]),
  },
  {
    ...{ op: 'RoiAlign', wrong: 'mistakes its channels', mutation: shifted },
    middle: (net, x) => {
      const boxes = net.graph.init(floatTensor([1, 4], [1, 1, 6, 7]));
      const box = net.graph.node('RoiAlign', [x, boxes, constant(net, 0)], {
        output_height: 4,
        output_width: 4,
        sampling_ratio: 2,
      });
      return net.pointwise('Mul', [net.conv(x, 8), net.graph.node('GlobalMaxPool', [box])]);
    },
  },
  {
    op: 'DepthToSpace',
    wrong: 'mistakes its channels',
    middle: (net, x) => noted(net, net.graph.node('DepthToSpace', [x], { blocksize: 2 }), 2, 16, 16),
    mutation: untied,
  },
  {
    op: 'SpaceToDepth',
    wrong: 'mistakes its channels',
    middle: net1('SpaceToDepth', () => [], [32, 4, 4], { blocksize: 2 }),
    mutation: shifted,
  },
];

function gemmGate(net: Layers, x: string): string {
  const made = net.linear(net.flatten(net.globalPool(x)), 8);
  return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [made, constant(net, 2, 3)])]);
}

function splits(net: Layers, x: string): string {
  const [a, b] = net.graph.multi('Split', [x, constant(net, 3, 5)], 2, { axis: 1 });
  return net.concat([net.pointwise('Tanh', [noted(net, b!, 5, 8, 8)]), noted(net, a!, 3, 8, 8)]);
}
