import type { Step } from './drawing.ts';
import { SIZE } from './drawing.ts';

/** Steps that normalise or contract, of which some need every channel. */
export const mixingSteps: readonly Step[] = [
  (draw) => draw.net.batchNorm(draw.any()),
  (draw) => {
    const x = draw.any();
    return draw.net.pointwise(
      'InstanceNormalization',
      [x, draw.weight(draw.channels(x)), draw.weight(draw.channels(x))],
      {
        epsilon: { float: 0.1 },
      },
    );
  },
  (draw) => {
    const groups = draw.one([2, 3, 4]);
    const x = draw.even(groups);
    const count = draw.opset >= 21 ? draw.channels(x) : groups;
    if (draw.opset >= 18) {
      return draw.net.pointwise('GroupNormalization', [x, draw.weight(count), draw.weight(count)], {
        num_groups: groups,
        epsilon: { float: 0.1 },
      });
    }
    const split = draw.node('Reshape', [x, draw.ints(0, groups, -1)]);
    const parameters = [draw.floats(new Array<number>(groups).fill(1)), draw.floats(new Array<number>(groups).fill(0))];
    const normal = draw.node('InstanceNormalization', [split, ...parameters], { epsilon: { float: 0.1 } });
    const whole = draw.node('Reshape', [
      normal,
      draw.pick(2) ? draw.node('Shape', [x]) : draw.ints(-1, draw.channels(x), SIZE, SIZE),
    ]);
    return draw.full(draw.node('Mul', [whole, draw.weight(draw.channels(x), 1, 1)]), draw.channels(x));
  },
  // Layer normalisation written out: over space channels pass, over channels they stay.
  (draw) => {
    const x = draw.any();
    const axes = draw.pick(3) ? [2, 3] : [1];
    const centred = draw.node('Sub', [x, draw.reduce('ReduceMean', x, axes)]);
    const variance = draw.reduce('ReduceMean', draw.node('Mul', [centred, centred]), axes);
    const deviation = draw.node('Sqrt', [draw.node('Add', [variance, draw.floats([0.1])])]);
    return draw.full(draw.node('Div', [centred, deviation]), draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    if (draw.opset < 17) return draw.net.batchNorm(x);
    return draw.net.pointwise('LayerNormalization', [x, draw.weight(SIZE, SIZE)], { axis: 2, epsilon: { float: 0.1 } });
  },
  (draw) => {
    const x = draw.any();
    if (draw.opset < 17) return draw.net.relu(x);
    const normal = (last: string) =>
      draw.node('LayerNormalization', [last, draw.weight(draw.channels(x))], { epsilon: { float: 0.1 } });
    return draw.lastly(x, normal, draw.channels(x));
  },
  (draw) => draw.net.pointwise('Softmax', [draw.any()], { axis: draw.opset < 13 ? 3 : draw.one([3, 3, 1]) }),
  (draw) => draw.net.pointwise('LRN', [draw.any()], { size: 3 }),
  (draw) => {
    const x = draw.any();
    return draw.lastly(x, (last) => draw.node('MatMul', [last, draw.weight(draw.channels(x), 5)]), 5);
  },
  (draw) => {
    const x = draw.any();
    const flat = draw.node('Reshape', [x, draw.ints(0, 0, SIZE * SIZE)]);
    const mixed = draw.node('MatMul', [draw.weight(5, draw.channels(x)), flat]);
    return draw.full(draw.node('Reshape', [mixed, draw.ints(0, 0, SIZE, SIZE)]), 5);
  },
  (draw) => {
    const x = draw.any();
    if (draw.opset < 12) return draw.net.conv(x, 6);
    const [equation, ...dims] = draw.one([
      ['nchw,dc->ndhw', 6, draw.channels(x)] as const,
      ['nchw,cd->ndhw', draw.channels(x), 6] as const,
    ]);
    return draw.full(draw.node('Einsum', [x, draw.weight(...dims)], { equation }), 6);
  },
  // Attention over places, heads apart.
  (draw) => {
    const x = draw.any();
    const [heads, each] = draw.one([
      [2, 3],
      [3, 2],
    ] as const);
    const project = () => {
      const y = draw.net.conv(x, heads * each, { kernel: 1 });
      return draw.node('Reshape', [y, draw.ints(0, heads, each, SIZE * SIZE)]);
    };
    const queries = draw.node('Transpose', [project()], { perm: [0, 1, 3, 2] });
    const weights = draw.node('Softmax', [draw.node('MatMul', [queries, project()])], { axis: 3 });
    const mixed = draw.node('MatMul', [project(), draw.node('Transpose', [weights], { perm: [0, 1, 3, 2] })]);
    return draw.full(draw.node('Reshape', [mixed, draw.ints(0, -1, SIZE, SIZE)]), heads * each);
  },
];
