import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import type { Middle } from '../testing/middle.ts';
import { constant, expectPasses, expectStops, networkAround, noted, perChannel } from '../testing/middle.ts';
import { measureShapes } from '../testing/ort.ts';

const einsum =
  (equation: string, ...dims: number[]): Middle =>
  (net, x) =>
    noted(net, net.graph.node('Einsum', [x, perChannel(net, dims, 'w')], { equation }), 6, 8, 8);

const PASSING: readonly [string, Middle][] = [
  ['Einsum as a convolution of 1 × 1', einsum('nchw,dc->ndhw', 6, 8)],
  ['Einsum without an arrow', einsum('achd, bc', 6, 8)],
  [
    'Einsum with channels last',
    (net, x) => {
      const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
      const mixed = net.graph.node('Einsum', [last, perChannel(net, [8, 2, 3], 'w')], { equation: 'nhwc,cgd->nhwgd' });
      const joined = net.graph.node('Reshape', [mixed, constant(net, 0, 8, 8, 6)]);
      return noted(net, net.graph.node('Transpose', [joined], { perm: [0, 3, 1, 2] }), 6, 8, 8);
    },
  ],
  [
    'Einsum along which channels run together',
    (net, x) =>
      net.note(
        net.graph.node('Einsum', [x, net.pointwise('Sigmoid', [x])], { equation: 'nchw,nchw->nchw' }),
        [8, 8, 8],
      ),
  ],
  [
    'Einsum with a matrix for each channel',
    (net, x) =>
      net.note(
        net.graph.node('Einsum', [x, perChannel(net, [8, 8, 8], 'w')], { equation: 'nchw,cwv->nchv' }),
        [8, 8, 8],
      ),
  ],
  [
    'a sum over channels of two values',
    (net, x) => {
      const map = net.graph.node('Einsum', [x, net.conv(x, 8)], { equation: 'nchw,nchw->nhw' });
      return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [map, constant(net, 1)])]);
    },
  ],
  [
    'attention over places by Einsum, heads apart',
    (net, x) => {
      const heads = (name: string) =>
        net.graph.node('Reshape', [net.conv(x, 12, { kernel: 1, name }), constant(net, 0, 2, 6, 64)]);
      const [q, k, v] = [heads('q'), heads('k'), heads('v')];
      const weights = net.graph.node('Softmax', [net.graph.node('Einsum', [q, k], { equation: 'bhdi,bhdj->bhij' })], {
        axis: -1,
      });
      const mixed = net.graph.node('Einsum', [weights, v], { equation: 'bhij,bhdj->bhdi' });
      return noted(net, net.graph.node('Reshape', [mixed, constant(net, 0, 12, 8, 8)]), 12, 8, 8);
    },
  ],
  [
    'MatMul with a matrix for each channel',
    (net, x) => net.note(net.graph.node('MatMul', [x, perChannel(net, [8, 8, 8], 'w')]), [8, 8, 8]),
  ],
  [
    'MatMul of weights from the left',
    (net, x) => {
      const flat = net.graph.node('Reshape', [x, constant(net, 0, 8, 64)]);
      const mixed = net.graph.node('MatMul', [perChannel(net, [6, 8], 'w'), flat]);
      return noted(net, net.graph.node('Reshape', [mixed, constant(net, 0, 6, 8, 8)]), 6, 8, 8);
    },
  ],
  [
    'MatMul with a vector',
    (net, x) => {
      const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
      const map = net.graph.node('MatMul', [last, perChannel(net, [8], 'w')]);
      return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [map, constant(net, 1)])]);
    },
  ],
  [
    'attention over channels, whose weights are summed over space',
    (net, x) => {
      const flat = net.graph.node('Reshape', [net.conv(x, 8), constant(net, 0, 8, 64)]);
      const places = net.graph.node('MatMul', [net.graph.node('Transpose', [flat], { perm: [0, 2, 1] }), flat]);
      const weights = net.graph.node('Softmax', [places], { axis: -1 });
      const mixed = net.graph.node('MatMul', [net.graph.node('Reshape', [x, constant(net, 0, 8, 64)]), weights]);
      return noted(net, net.graph.node('Reshape', [mixed, constant(net, 0, 8, 8, 8)]), 8, 8, 8);
    },
  ],
  [
    'one weight used from both sides, as tied encoders have',
    (net, x) => {
      const weight = perChannel(net, [5, 8], 'w');
      const pooled = net.flatten(net.globalPool(x));
      const code = net.graph.node('Gemm', [pooled, weight], { transB: 1 });
      const back = net.graph.node('Gemm', [net.graph.node('Relu', [code]), weight]);
      return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [back, constant(net, 2, 3)])]);
    },
  ],
];

const RECURRENT: readonly [string, Middle][] = (['LSTM', 'GRU', 'RNN'] as const).map((op, i) => [
  `${op} over rows`,
  (net, x) => {
    const rows = net.graph.node('ReduceMean', [x], { axes: [3], keepdims: 0 });
    const steps = net.graph.node('Transpose', [rows], { perm: [2, 0, 1] });
    const gates = [16, 12, 4][i]!;
    const weights = [perChannel(net, [1, gates, 8], 'w'), perChannel(net, [1, gates, 4], 'r')];
    const [all] = net.graph.multi(op, [steps, ...weights], 1, { hidden_size: 4 });
    const states = net.graph.node('Squeeze', [all!, constant(net, 1)]);
    const seen = net.graph.node('Transpose', [states], { perm: [1, 2, 0] });
    return noted(net, net.graph.node('Unsqueeze', [seen, constant(net, 3)]), 4, 8, 1);
  },
]);

/** The states of every step are there and nobody reads them: the runtime is not asked for their shape. */
const LAST_STATE: readonly [string, Middle] = [
  'the last state of an LSTM alone',
  (net, x) => {
    const rows = net.graph.node('ReduceMean', [x], { axes: [3], keepdims: 0 });
    const steps = net.graph.node('Transpose', [rows], { perm: [2, 0, 1] });
    const weights = [perChannel(net, [1, 16, 8], 'w'), perChannel(net, [1, 16, 4], 'r')];
    const [, last] = net.graph.multi('LSTM', [steps, ...weights], 2, { hidden_size: 4 });
    const seen = net.graph.node('Transpose', [last!], { perm: [1, 2, 0] });
    return noted(net, net.graph.node('Unsqueeze', [seen, constant(net, 3)]), 4, 1, 1);
  },
];

const STOPPING: readonly [string, Middle, string][] = [
  [
    'Einsum with an ellipsis',
    einsum('...chw,dc->...dhw', 6, 8),
    'feeds einsum1 (Einsum), which has an equation with an ellipsis',
  ],
  [
    'Einsum of channels against each other',
    (net, x) => {
      const gram = net.graph.node('Einsum', [x, net.relu(x)], { equation: 'nchw,ndhw->ncd' });
      const weights = net.graph.node('Softmax', [gram], { axis: -1 });
      return net.note(net.graph.node('Einsum', [weights, x], { equation: 'ncd,ndhw->nchw' }), [8, 8, 8]);
    },
    'feeds einsum1 (Einsum), which multiplies values with channels on different axes',
  ],
  [
    'a MatMul with computed weights',
    (net, x) => {
      const weight = net.graph.node('Softmax', [perChannel(net, [8, 8], 'w')], { axis: 0 });
      const gate = net.graph.node('MatMul', [net.flatten(net.globalPool(x)), weight]);
      return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [gate, constant(net, 2, 3)])]);
    },
    'feeds matmul1 (MatMul), which multiplies it by a value without matching channels',
  ],
];

describe('contractions through which channels go', () => {
  it.each([...PASSING, ...RECURRENT, LAST_STATE])('%s', (_, middle) => expectPasses(middle));

  it('the last state of an LSTM, without a shape of what nobody reads', async () => {
    const model = networkAround(LAST_STATE[1]);
    const shapes = new Map(await measureShapes(model));
    shapes.delete(model.graph!.node.find(({ opType }) => opType === 'LSTM')!.output[0]!);
    expect(analyzeChannels(model, shapes).layers.map(({ name }) => name)).toContain('after');
  });
});

describe('contractions that need every channel', () => {
  it.each(STOPPING)('%s', (_, middle, reason) => expectStops(middle, reason));
});
