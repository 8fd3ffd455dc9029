import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatTensor, intTensor } from '@kneepoint/onnx';
import { gradientsOf } from '../testing/check-gradient.ts';
import { awayFrom, between, type Draw, distinct, normal } from '../testing/data.ts';
import { gradientProperty, gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const DRAWS: Readonly<Record<string, Draw>> = {
  ReduceSum: normal,
  ReduceMean: normal,
  ReduceSumSquare: normal,
  ReduceL1: awayFrom([0]),
  ReduceL2: normal,
  ReduceLogSum: between(0.3, 2),
  ReduceLogSumExp: normal,
  ReduceMax: distinct(),
  ReduceMin: distinct(),
};

const SETTINGS: Readonly<Record<string, (draw: Draw, op: string) => Row>> = {
  'over one axis': (x, op) => ({ op, operands: { x: [3, 4, 2], axes: intTensor([1]) }, data: { x } }),
  'over outer axes, dropped': (x, op) => ({
    op,
    operands: { x: [2, 3, 4], axes: intTensor([-1, 0]) },
    attributes: { keepdims: 0 },
    data: { x },
  }),
  'over everything': (x, op) => ({ op, operands: { x: [2, 3, 2] }, attributes: { keepdims: 0 }, data: { x } }),
};

for (const [op, draw] of Object.entries(DRAWS)) {
  gradientTable(op, Object.fromEntries(Object.entries(SETTINGS).map(([title, make]) => [title, make(draw, op)])));
}

gradientProperty(
  'any reduction over any axes',
  fc
    .record({
      op: fc.constantFrom(...Object.keys(DRAWS)),
      x: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      keepdims: fc.integer({ min: 0, max: 1 }),
      choice: fc.nat(),
    })
    .map(({ op, x, keepdims, choice }) => {
      const axes = x.map((_, axis) => axis).filter((axis) => (choice >> axis) % 2 === 1);
      return { op, operands: { x, axes: intTensor(axes) }, attributes: { keepdims }, data: { x: DRAWS[op]! } };
    }),
  30,
);

gradientTable('over no axis at all', {
  'ReduceSum passes everything': {
    op: 'ReduceSum',
    operands: { x: [2, 3] },
    attributes: { noop_with_empty_axes: 1 },
  },
});

describe('ReduceL2', () => {
  it('of nothing but zeros passes zeros', async () => {
    const { gradients } = await gradientsOf({
      model: oneNode('ReduceL2', { x: [3] }),
      data: { x: floatTensor([3], [0, 0, 0]) },
    });
    expect([...(gradients['x']!.data as Float32Array)]).toEqual([0, 0, 0]);
  });
});
