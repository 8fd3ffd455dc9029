import { DataType, floatTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const dropping = (ratio: number | undefined, training: boolean): Row => ({
  op: 'Dropout',
  operands: { x: [4, 10], ...(ratio !== undefined && { ratio: floatTensor([], [ratio]) }) },
  options: { by: ['x'], training },
});

gradientTable('dropout', {
  'in training, at its usual ratio': dropping(undefined, true),
  'in training, at 0.2': dropping(0.2, true),
  'in training, at 0': dropping(0, true),
  'in inference': dropping(0.5, false),
});

const LENGTH = 4000;
const ones = floatTensor([LENGTH], new Float32Array(LENGTH).fill(1));

async function dropped(ratio: number, seed: number, training = true) {
  const { outputs, gradients } = await gradientsOf({
    model: oneNode('Dropout', { x: [LENGTH], ratio: floatTensor([], [ratio]) }),
    by: ['x'],
    data: { x: ones },
    weights: { dropout1: ones },
    training,
    seed,
  });
  const [y, dx] = [outputs['dropout1']!, gradients['x']!].map(({ data }) => data as Float32Array);
  return { y: y!, dx: dx! };
}

describe('dropout in training', () => {
  it('drops the share that it is told and scales the rest to the same mean', async () => {
    const { y } = await dropped(0.25, 3);
    const zeros = y.filter((value) => value === 0).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(zeros - 0.25 * LENGTH)).toBeLessThan(5 * Math.sqrt(LENGTH * 0.25 * 0.75));
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  });

  it('passes gradients where it passes values', async () => {
    const { y, dx } = await dropped(0.25, 3);
    expect(dx).toEqual(y);
  });

  it('is the same for the same seed, and another for another', async () => {
    const [first, again, other] = [await dropped(0.5, 7), await dropped(0.5, 7), await dropped(0.5, 8)];
    expect(again.y).toEqual(first.y);
    expect(other.y).not.toEqual(first.y);
  });

  it('must know its ratio in advance, which in inference does not matter', async () => {
    const request = { model: oneNode('Dropout', { x: [3], ratio: [] }), data: { ratio: floatTensor([], [0.5]) } };
    await gradientsOf({ ...request, by: ['x'] });
    await expect(gradientsOf({ ...request, training: true })).rejects.toMatchObject({
      code: 'AUTODIFF_OPERATOR',
      where: 'node dropout1',
    });
  });
});

describe('dropout in inference', () => {
  it('changes nothing, and its mask says so', async () => {
    const { outputs } = await gradientsOf({
      model: oneNode('Dropout', { x: [2, 3] }, {}, [DataType.FLOAT, DataType.BOOL]),
      data: { x: floatTensor([2, 3], [1, 2, 3, 4, 5, 6]) },
    });
    expect([...(outputs['dropout1']!.data as Float32Array)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Array.from(outputs['dropout1.1']!.data as Uint8Array, Number)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
