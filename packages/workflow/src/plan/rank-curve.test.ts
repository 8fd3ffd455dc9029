import { knee } from '@kneepoint/regression';
import { describe, expect, it } from 'vitest';
import { CARRIERS, syntheticCurve } from '../testing/index.ts';
import type { joiningWorth } from './joining-worth.ts';
import { rankCurve, rankTasks } from './rank-curve.ts';

const FILTERS = 12;
const curve = syntheticCurve(FILTERS, 1);
const task = (name: string, curves: Parameters<typeof joiningWorth>[0][]) => ({
  task: name,
  curves: new Map(curves.map((own, index) => [`conv${index + 1}`, own])),
});
const falls = (loss: ArrayLike<number>) => Array.from(loss).every((value, k, all) => k === 0 || value <= all[k - 1]!);

describe('the ranking of a curve', () => {
  const { worth, loss } = rankCurve(curve);

  it('is worth most where the label comes from', () => {
    const order = [...Array(FILTERS).keys()].sort((a, b) => worth[b]! - worth[a]!);
    expect(order.slice(0, 3).sort((a, b) => a - b)).toEqual([...CARRIERS]);
    expect(Math.max(...Array.from(worth))).toBeLessThanOrEqual(1);
  });

  it('loses with k filters the ε of the knee that keeps k: all at none, nothing at all', () => {
    expect([loss.length, loss[FILTERS]]).toEqual([FILTERS + 1, 0]);
    expect(falls(loss)).toBe(true);
    for (const epsilon of [0.005, 0.05, 0.4]) {
      const { filters } = knee(curve, epsilon);
      expect(loss[filters]).toBeLessThanOrEqual(epsilon);
      expect(loss[filters - 1]).toBeGreaterThan(epsilon);
    }
  });
});

describe('the ranking for several tasks', () => {
  const other = syntheticCurve(FILTERS, 2, { carriers: [7, 8] });

  it('is for one task that of its curve', () => {
    expect(rankTasks([task('a', [curve])], 'conv1').get('conv1')).toEqual(rankCurve(curve));
  });

  it('puts the filters of both tasks before the rest, and loses the mean of what they lose', () => {
    const { worth, loss } = rankTasks([task('a', [curve]), task('b', [other])], 'conv1').get('conv1')!;
    const order = [...Array(FILTERS).keys()].sort((a, b) => worth[b]! - worth[a]!);
    expect(order.slice(0, 5).sort((a, b) => a - b)).toEqual([...CARRIERS, 7, 8]);
    expect([loss[0], loss[FILTERS]]).toEqual([1, 0]);
    expect(falls(loss)).toBe(true);
    // What all five carriers lose, one task alone would lose with three of them at the most.
    expect(loss[5]).toBeLessThan(0.1);
    expect(loss[3]).toBeGreaterThan(0.1);
  });

  it('a layer whose curve does not count loses the same with each filter that goes', () => {
    const drowned = syntheticCurve(FILTERS, 3, { noise: 40 });
    const { loss } = rankTasks([task('a', [drowned, curve])], 'conv2').get('conv1')!;
    expect(Array.from(loss)).toEqual(Array.from({ length: FILTERS + 1 }, (_, k) => 1 - k / FILTERS));
  });
});
