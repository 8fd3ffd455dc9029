import { DataType } from '@kneepoint/onnx';
import type { Step } from './drawing.ts';
import { SIZE } from './drawing.ts';

const ACTIVATIONS: readonly [number, string][] = [
  ...[
    'Relu',
    'LeakyRelu',
    'Elu',
    'Sigmoid',
    'HardSigmoid',
    'Tanh',
    'Softplus',
    'Softsign',
    'Abs',
    'Neg',
    'Sin',
    'Erf',
  ].map((op): [number, string] => [9, op]),
  [12, 'Celu'],
  [14, 'HardSwish'],
  [18, 'Mish'],
  [20, 'Gelu'],
];

/** Steps element by element: activations, residuals, gates, constants for each channel. */
export const arithmeticSteps: readonly Step[] = [
  (draw) => {
    const [, op] = draw.one(ACTIVATIONS.filter(([since]) => since <= draw.opset));
    return draw.net.pointwise(op, [draw.any()]);
  },
  (draw) => {
    const x = draw.any();
    const inputs = [x, draw.partner(x)];
    return draw.net.pointwise(
      draw.one(['Add', 'Mul', 'Max', 'Min', 'Sub', 'Mean', 'Sum']),
      draw.pick(2) ? inputs : inputs.reverse(),
    );
  },
  (draw) => {
    const x = draw.any();
    return draw.full(draw.node('Add', [draw.net.batchNorm(draw.net.conv(x, draw.channels(x))), x]), draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    return draw.full(draw.clip(x, -1, 1.5), draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    const shape = draw.one([
      [draw.channels(x), 1, 1],
      [1, draw.channels(x), 1, 1],
      [SIZE, SIZE],
      [draw.channels(x), SIZE, SIZE],
    ]);
    const inputs = [x, draw.weight(...shape)];
    return draw.full(
      draw.node(draw.one(['Add', 'Mul', 'Sub']), draw.pick(2) ? inputs : inputs.reverse()),
      draw.channels(x),
    );
  },
  (draw) => {
    const x = draw.any();
    return draw.net.pointwise('PRelu', [x, draw.pick(2) ? draw.weight(draw.channels(x), 1, 1) : draw.floats([0.2])]);
  },
  (draw) => {
    const x = draw.any();
    const chosen = draw.node('Greater', [x, draw.floats([0.1])]);
    return draw.full(draw.node('Where', [chosen, x, draw.partner(x)]), draw.channels(x));
  },
  // Arithmetic on a size that must not follow the channels.
  (draw) => {
    const x = draw.any();
    const count = draw.node('Cast', [draw.size(x, 1)], { to: DataType.FLOAT });
    return draw.full(draw.node('Div', [x, draw.node('Sqrt', [count])]), draw.channels(x));
  },
  // An attention map over places.
  (draw) => draw.net.pointwise('Mul', [draw.any(), draw.node('Sigmoid', [draw.net.conv(draw.any(), 1)])]),
  // Squeeze and excite.
  (draw) => {
    const { net } = draw;
    const x = draw.any();
    const inner = net.relu(net.conv(net.globalPool(x), 3, { kernel: 1 }));
    return net.pointwise('Mul', [x, net.pointwise('Sigmoid', [net.conv(inner, draw.channels(x), { kernel: 1 })])]);
  },
  (draw) => {
    const x = draw.any();
    const gate = draw.reduce(draw.one(['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceL1']), x, [2, 3]);
    return draw.net.pointwise(draw.one(['Add', 'Mul']), [x, draw.node('Tanh', [gate])]);
  },
  (draw) => {
    const x = draw.any();
    const map = draw.reduce(
      draw.one(['ReduceSum', 'ReduceL1', 'ReduceL2', 'ReduceMean', 'ReduceMax', 'ReduceMin']),
      x,
      [1],
    );
    return draw.net.pointwise('Mul', [draw.any(), draw.node('Sigmoid', [map])]);
  },
  // Max-feature-map.
  (draw) => {
    const x = draw.even();
    const half = draw.channels(x) / 2;
    return draw.full(draw.node('Max', draw.split(x, 1, [half, half])), half);
  },
  (draw) => {
    const { net } = draw;
    const x = draw.any();
    const pooled = draw.squeeze('Squeeze', net.globalPool(x), [2, 3]);
    const transB = draw.pick(2);
    const dims = transB ? [draw.channels(x), draw.channels(x)] : [draw.channels(x), draw.channels(x)];
    const gate = draw.node('Gemm', [pooled, draw.weight(...dims), draw.weight(draw.channels(x))], { transB });
    return net.pointwise('Mul', [x, draw.squeeze('Unsqueeze', draw.node('Sigmoid', [gate]), [2, 3])]);
  },
];
