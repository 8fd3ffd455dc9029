import { floatTensor, intTensor, DataType } from '@kneepoint/onnx';
import type { Tensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { awayFrom, between, type Draw } from '../testing/data.ts';
import { broadcastingDims, gradientTable, type Row, someDims } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const two = (op: string, data: Record<string, Draw> = {}): Row => ({
  op,
  operands: (random) => {
    const [x, y] = broadcastingDims(random);
    return { x, y };
  },
  data,
});

const one = (op: string, draw: Draw): Row => ({
  op,
  operands: (random) => ({ x: someDims(random) }),
  data: { x: draw },
});

const power = (exponent: Tensor, x: Draw = between(0.5, 2)): Row => ({
  op: 'Pow',
  operands: { x: [2, 3], exponent },
  data: { x },
  options: { by: ['x'] },
});

const variadic = (op: string): Row => ({ op, operands: { a: [2, 3, 4], b: [3, 1], c: [1, 4], d: [2, 1, 1] } });

gradientTable('arithmetic', {
  Add: two('Add'),
  Sub: two('Sub'),
  Mul: two('Mul'),
  Div: two('Div', { y: awayFrom([0], 0.5) }),
  Pow: two('Pow', { x: between(0.5, 2), y: between(-2, 2) }),
  'Pow of 2': power(floatTensor([], [2]), awayFrom([0])),
  'Pow of 3 with negative numbers': power(floatTensor([1], [3]), awayFrom([0])),
  'Pow of 1/2': power(floatTensor([], [0.5])),
  'Pow of 1': power(floatTensor([], [1])),
  'Pow of 0': power(floatTensor([], [0])),
  'Pow of -1': power(floatTensor([], [-1])),
  'Pow of an integer': power(intTensor([4], [])),
  'Pow of several integers': power(intTensor([0, 1, 3])),
  'Sum of four': variadic('Sum'),
  'Mean of four': variadic('Mean'),
  'Mean of one': { op: 'Mean', operands: { x: [2, 3] } },
  Where: {
    op: 'Where',
    operands: {
      condition: { dims: [3, 1], type: DataType.BOOL, data: Uint8Array.of(1, 0, 1) },
      x: [2, 3, 4],
      y: [4],
    },
  },
  Neg: one('Neg', awayFrom([])),
  Abs: one('Abs', awayFrom([0])),
  Sqrt: one('Sqrt', between(0.3, 3)),
  Exp: one('Exp', between(-2, 2)),
  Log: one('Log', between(0.3, 3)),
  Reciprocal: one('Reciprocal', awayFrom([0], 0.4)),
  Sin: one('Sin', between(-3, 3)),
  Cos: one('Cos', between(-3, 3)),
});

describe('at zero', () => {
  it('powers have finite gradients wherever there is a derivative', async () => {
    const { gradients } = await gradientsOf({
      model: oneNode('Pow', { x: [4], exponent: [4] }),
      data: { x: floatTensor([4], [0, 0, 0, -1]), exponent: floatTensor([4], [0, 1, 2, 2]) },
      weights: { pow1: floatTensor([4], [1, 1, 1, 1]) },
    });
    expect([...(gradients['x']!.data as Float32Array)].map((value) => value + 0)).toEqual([0, 1, 0, -2]);
    expect([...(gradients['exponent']!.data as Float32Array)].map((value) => value + 0)).toEqual([0, 0, 0, 0]);
  });

  it('Abs passes nothing', async () => {
    const { gradients } = await gradientsOf({
      model: oneNode('Abs', { x: [1] }),
      data: { x: floatTensor([1], [0]) },
    });
    expect(gradients['x']!.data[0]).toBe(0);
  });
});
