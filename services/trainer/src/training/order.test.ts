import { learningRate } from '@kneepoint/autodiff';
import { describe, expect, it } from 'vitest';
import { epochOrder, stepNoise } from './order.ts';
import { scheduleOf } from './schedule.ts';

const rows = Int32Array.from({ length: 200 }, (_, i) => 3 * i);

describe('the order of an epoch', () => {
  it('has every row once, follows from seed and epoch, and leaves its argument alone', () => {
    const before = [...rows];
    const order = epochOrder(rows, 1, 2);
    expect([...order].sort((a, b) => a - b)).toEqual(before);
    expect([...rows]).toEqual(before);
    expect(epochOrder(rows, 1, 2)).toEqual(order);
    for (const other of [epochOrder(rows, 1, 3), epochOrder(rows, 2, 2), epochOrder(rows, 2, 1)]) {
      expect(other).not.toEqual(order);
    }
  });
});

describe('noise', () => {
  it('lies in [0, 1), around one half, and is another at every step and input', () => {
    const noise = stepNoise(10_000, 1, 1, 0);
    expect(noise.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * noise.length));
    expect(stepNoise(10_000, 1, 1, 0)).toEqual(noise);
    expect(stepNoise(10_000, 1, 2, 0)).not.toEqual(noise);
    expect(stepNoise(10_000, 1, 1, 1)).not.toEqual(noise);
  });
});

describe('the schedule', () => {
  const rates = (schedule: Parameters<typeof scheduleOf>[0]['schedule'], epochs = 10, steps = 4): number[] => {
    const made = scheduleOf({ schedule, learningRate: 1, epochs }, steps);
    return Array.from({ length: epochs * steps }, (_, i) => learningRate(made, i + 1, epochs * steps));
  };

  it('rises over the epochs of warm-up and then falls as its kind says', () => {
    const cosine = rates({ kind: 'cosine', warmupEpochs: 2 });
    expect(cosine.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((k) => k / 8));
    expect(cosine.slice(8).every((rate, i, all) => i === 0 || rate < all[i - 1]!)).toBe(true);
    expect(new Set(rates({ kind: 'constant' }))).toEqual(new Set([1]));
  });

  it.each([0, 1])('falls by its factor at the epochs that it names, with %d epochs of warm-up', (warmupEpochs) => {
    const steps = rates({ kind: 'step', everyEpochs: 3, factor: 0.5, warmupEpochs });
    const ofEpoch = (epoch: number) => steps.slice((epoch - 1) * 4, epoch * 4);
    expect(ofEpoch(3)).toEqual([1, 1, 1, 1]);
    expect(ofEpoch(4)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(ofEpoch(10)).toEqual([0.125, 0.125, 0.125, 0.125]);
  });

  it('of a single step is that step at full rate', () => {
    expect(rates({ kind: 'cosine', warmupEpochs: 0 }, 1, 1)).toEqual([1]);
  });
});
