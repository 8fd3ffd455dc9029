import { DataType, floatTensor, GraphBuilder, intTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { distinct } from '../testing/data.ts';
import { gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

/** Operands whose numbers never come closer to each other than the step of a difference quotient. */
const apart = (op: string, operands: Readonly<Record<string, readonly number[]>>): Row => ({
  op,
  operands,
  data: Object.fromEntries(
    Object.keys(operands).map((name, i) => [
      name,
      (dims, random) => distinct(0.3)(dims, random).map((value) => value + 0.06 * i),
    ]),
  ),
});

gradientTable('extrema', {
  'Max of two': apart('Max', { a: [2, 3, 4], b: [2, 3, 4] }),
  'Max with broadcasting': apart('Max', { a: [3, 1], b: [2, 1, 4] }),
  'Max of four': apart('Max', { a: [2, 3], b: [3], c: [2, 1], d: [2, 3] }),
  'Max of one': apart('Max', { a: [2, 3] }),
  'Max with a constant on the left': {
    op: 'Max',
    operands: { zero: floatTensor([], [0]), x: [6] },
    data: { x: distinct(0.3) },
    options: { by: ['x'] },
  },
  'Max with a constant on the right': {
    op: 'Max',
    operands: { x: [6], zero: floatTensor([], [0]) },
    data: { x: distinct(0.3) },
    options: { by: ['x'] },
  },
  'Max with constants around': {
    op: 'Max',
    operands: { low: floatTensor([], [-0.2]), x: [6], zero: floatTensor([1], [0]) },
    data: { x: distinct(0.3) },
    options: { by: ['x'] },
  },
  'Min of two': apart('Min', { a: [2, 3, 4], b: [2, 3, 4] }),
  'Min of three with broadcasting': apart('Min', { a: [2, 1, 4], b: [3, 1], c: [4] }),
});

describe('a tie', () => {
  const operands = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, [3]]));

  it.each(['Max', 'Min'])('of %s goes to the first of those that tie, and to it alone', async (op) => {
    const { gradients } = await gradientsOf({
      model: oneNode(op, operands(3)),
      data: {
        x0: floatTensor([3], op === 'Max' ? [1, 0, 0] : [1, 2, 2]),
        x1: floatTensor([3], op === 'Max' ? [1, 1, 0] : [1, 1, 2]),
        x2: floatTensor([3], [1, 1, op === 'Max' ? 5 : 0]),
      },
      weights: { [`${op.toLowerCase()}1`]: floatTensor([3], [7, 8, 9]) },
    });
    expect(['x0', 'x1', 'x2'].map((name) => [...(gradients[name]!.data as Float32Array)])).toEqual([
      [7, 0, 0],
      [0, 8, 0],
      [0, 0, 9],
    ]);
  });

  it('of twin channels goes to one of them: what flows in is what flows out', async () => {
    const graph = new GraphBuilder({ opset: 18 });
    const x = graph.input('x', [2, 6, 2, 2]);
    const halves = graph.multi('Split', [x, graph.init(intTensor([3, 3]))], 2, { axis: 1 });
    graph.output(graph.node('Max', halves));
    const { gradients, weights } = await gradientsOf({
      model: graph.build(),
      data: { x: floatTensor([2, 6, 2, 2], new Float32Array(48)) },
    });
    const given = weights['max1']!.data as Float64Array;
    const found = gradients['x']!.data as Float32Array;
    const channel = (n: number, c: number, of: number) => 4 * (of * n + c);
    for (let n = 0; n < 2; n++) {
      for (let c = 0; c < 3; c++) {
        for (let i = 0; i < 4; i++) {
          const twins = [found[channel(n, c, 6) + i]!, found[channel(n, c + 3, 6) + i]!];
          expect(twins).toEqual([Math.fround(given[channel(n, c, 3) + i]!), 0]);
        }
      }
    }
  });

  it.each(['ReduceMax', 'ReduceMin'])('within %s goes to one element', async (op) => {
    const { gradients } = await gradientsOf({
      model: oneNode(op, { x: [2, 3, 4], axes: intTensor([0, 2]) }, { keepdims: 0 }, [DataType.FLOAT]),
      data: { x: floatTensor([2, 3, 4], new Float32Array(24).fill(2)) },
      weights: { [`${op.toLowerCase()}1`]: floatTensor([3], [5, 6, 7]) },
    });
    const found = [...(gradients['x']!.data as Float32Array)];
    expect(found.filter((value) => value !== 0).sort()).toEqual([5, 6, 7]);
  });
});
