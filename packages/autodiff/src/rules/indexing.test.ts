import type { Tensor } from '@kneepoint/onnx';
import { DataType, floatTensor, GraphBuilder, intTensor } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { gradientProperty, gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const END = Number.MAX_SAFE_INTEGER;

const slice = (x: readonly number[], ...operands: readonly (readonly number[])[]): Row => ({
  op: 'Slice',
  operands: { x, ...Object.fromEntries(operands.map((values, i) => [`o${i}`, intTensor(values)])) },
});

const pad = (mode: string, pads: readonly number[], axes?: readonly number[]): Row => ({
  op: 'Pad',
  operands: {
    x: [2, 4, 3],
    pads: intTensor(pads),
    border: mode === 'constant' ? floatTensor([], [0.7]) : undefined,
    ...(axes && { axes: intTensor(axes) }),
  },
  attributes: { mode },
});

const gather = (x: readonly number[], indices: Tensor, axis: number): Row => ({
  op: 'Gather',
  operands: { x, indices },
  attributes: { axis },
});

gradientTable('Slice', {
  'from the start': slice([4, 3], [0], [2], [0]),
  'to the end, axes counted from the back': slice([2, 5], [2], [END], [-1]),
  'without axes': slice([4, 5], [1, 2], [3, 4]),
  'from the end': slice([6], [-4], [-1], [0]),
  'beyond the end': slice([3, 4], [1], [100], [1]),
  'of everything': slice([3, 4], [0], [END], [0]),
  'of nothing on one axis of two': slice([4, 4], [1, 1], [3, 2], [0, 1]),
  'every second element': slice([2, 7], [1], [END], [1], [2]),
  'every third element of an even length': slice([8, 2], [0], [END], [0], [3]),
  backwards: slice([2, 5], [-1], [-END], [1], [-1]),
  'backwards by two, from the middle': slice([7, 2], [5], [0], [0], [-2]),
  'both ways at once': slice([5, 6], [3, 1], [-END, END], [0, 1], [-2, 2]),
});

gradientTable('Pad', {
  'with a constant': pad('constant', [0, 1, 2, 0, 3, 0]),
  'that cuts': pad('constant', [0, -1, 1, 0, 0, -2]),
  'along chosen axes': pad('constant', [1, 2, 0, 1], [-1, 0]),
  'by reflection': pad('reflect', [0, 2, 1, 0, 3, 2]),
  'with its edge': pad('edge', [0, 1, 2, 1, 2, 0]),
  'with an edge so wide that many elements are one': pad('edge', [0, 5, 0, 0, 6, 0]),
});

gradientTable('Gather', {
  'a permutation, as in a channel shuffle': gather([2, 4, 3], intTensor([2, 0, 3, 1]), 1),
  'some, in a row': gather([5, 2], intTensor([1, 2, 3]), 0),
  'some, out of order': gather([5, 2], intTensor([3, 0]), 0),
  'with repetition': gather([2, 4], intTensor([1, 3, 1, 0, 1]), -1),
  'with much repetition': gather([3, 2], intTensor([1, 1, 1, 1, 1, 2]), 0),
  'a single one': gather([3, 4, 2], intTensor([2], []), 1),
  'counted from the end': gather([4, 2], intTensor([-1, 0, -3]), 0),
  'in a table': gather([2, 5], intTensor([0, 4, 4, 1], [2, 2]), 1),
});

gradientTable('other gathers', {
  GatherElements: {
    op: 'GatherElements',
    operands: { x: [2, 3], indices: intTensor([0, 2, 2, -1, 1, 1, 1, 1], [2, 4]) },
    attributes: { axis: 1 },
  },
  GatherND: {
    op: 'GatherND',
    operands: { x: [2, 3, 2], indices: intTensor([0, 2, 1, 1, 0, 2], [3, 2]) },
  },
});

const dims = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });

describe('random settings', () => {
  gradientProperty(
    'of Slice',
    dims.chain((x) => {
      const each = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: x.length, maxLength: x.length });
      const bound = fc.integer({ min: -7, max: 7 });
      const step = fc.constantFrom(1, 1, 2, 3, -1, -2);
      return fc
        .tuple(each(bound), each(bound), each(step))
        .map(([starts, ends, steps]) => slice(x, starts, ends, axesOf(x), steps));
    }),
    30,
  );

  gradientProperty(
    'of Pad',
    fc
      .tuple(
        fc.constantFrom('constant', 'reflect', 'edge'),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 }),
      )
      // The first axis is too short to be reflected by more than 1.
      .map(([mode, pads]) =>
        pad(mode, [Math.min(1, pads[0]!), pads[1]!, pads[2]!, Math.min(1, pads[3]!), ...pads.slice(4)]),
      ),
  );

  gradientProperty(
    'of Gather',
    dims.chain((x) =>
      fc.integer({ min: -x.length, max: x.length - 1 }).chain((axis) => {
        const length = x.at(axis)!;
        const indices = fc.array(fc.integer({ min: -length, max: length - 1 }), { minLength: 1, maxLength: 8 });
        return indices.map((chosen) => gather(x, intTensor(chosen), axis));
      }),
    ),
  );
});

describe('Gather', () => {
  it('adds up at indices that the graph is fed', async () => {
    const indices: Tensor = { dims: [2, 2], type: DataType.INT64, data: BigInt64Array.of(1n, 0n, 1n, -1n) };
    const { gradients } = await gradientsOf({
      model: fedGather(),
      data: { indices },
      weights: { gather1: floatTensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]) },
    });
    expect([...(gradients['x']!.data as Float32Array)]).toEqual([3, 4, 6, 8, 7, 8]);
  });

  it('of a known permutation needs no scatter', async () => {
    const { operators } = await gradientsOf({
      model: oneNode('Gather', { x: [2, 3], indices: intTensor([2, 0, 1]) }, { axis: 1 }),
    });
    expect([...operators].filter((operator) => /Scatter|Pad/.test(operator))).toEqual([]);
  });
});

function fedGather() {
  const graph = new GraphBuilder({ opset: 18 });
  const operands = [graph.input('x', [3, 2]), graph.input('indices', [2, 2], DataType.INT64)];
  graph.output(graph.node('Gather', operands));
  return graph.build();
}

function axesOf(dims: readonly number[]): readonly number[] {
  return dims.map((_, axis) => axis);
}
