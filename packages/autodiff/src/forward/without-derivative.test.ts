import { DataType, floatTensor, GraphBuilder } from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import { derivativesOf } from './without-derivative.ts';

const kernel = (from: number, to: number) => floatTensor([to, from, 3, 3], new Float32Array(to * from * 9).fill(0.1));

/** A convolution, what is put behind it, and another convolution. */
function between(put: (g: GraphBuilder, x: string) => string, before?: (g: GraphBuilder, x: string) => string) {
  const g = new GraphBuilder();
  const x = g.input('x', ['N', 3, 8, 8]);
  const first = g.relu(g.conv(before ? before(g, x) : x, kernel(3, 4)));
  const last = g.relu(g.conv(put(g, first), kernel(4, 4)));
  g.output(last, ['N', 4, 8, 8]);
  const of = derivativesOf(g.build());
  return [of(first)?.opType, of(last)?.opType];
}

it('an operator without a derivative stands between what is behind it and every weight', () => {
  expect(between((g, x) => g.node('LpPool', [x], { kernel_shape: [1, 1] }))).toEqual([undefined, 'LpPool']);
});

it('what has a derivative, or moves no weight, stands in the way of nothing', () => {
  expect(between((g, x) => g.node('HardSwish', [x]))).toEqual([undefined, undefined]);
  // Before the first layer nothing trains.
  expect(
    between(
      (_, x) => x,
      (g, x) => g.node('LpPool', [x], { kernel_shape: [1, 1] }),
    ),
  ).toEqual([undefined, undefined]);
  // A mask of the maps is flat: what is multiplied by it has a derivative all the same.
  const masked = (g: GraphBuilder, x: string) => {
    const mask = g.node('Greater', [x, g.init(floatTensor([], [0]))]);
    return g.node('Mul', [x, g.node('Cast', [mask], { to: DataType.FLOAT })]);
  };
  expect(between(masked)).toEqual([undefined, undefined]);
});
