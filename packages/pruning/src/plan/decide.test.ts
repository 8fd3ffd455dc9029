import { describe, expect, it } from 'vitest';
import type { Tap } from '../analysis/taps.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { classWorth, decideClasses } from './decide.ts';
import { planFromTaps } from './plan-from-taps.ts';

const tap = (layer: string, classes: number[]): Tap => ({
  layer,
  value: layer,
  channels: classes.length,
  rank: 4,
  axis: 1,
  order: 0,
  classes,
});
const three = (a: number[], b: number[], c: number[]) =>
  [a, b, c].map((chosen, i) => ({ tap: tap(`t${i}`, [0, 1, 2, 3]), chosen: new Set(chosen) }));

describe('a class that several taps read', () => {
  const choices = three([0, 1], [0, 2], [0]);

  it('stays by union when any chose it', () => {
    expect(decideClasses(choices, 4, 'union').remove).toEqual([3]);
  });

  it('stays by vote when at least half did', () => {
    expect(decideClasses(choices, 4, 'vote').remove).toEqual([1, 2, 3]);
    expect(decideClasses(choices.slice(0, 2), 4, 'vote').remove).toEqual([3]);
  });

  it('by mean stays among as many as were chosen on average, those of greatest mean worth', () => {
    const worths = [
      [4, 2, 0, 0],
      [0, 0, 1, 0.5],
      [9, 0, 9, 0],
    ];
    const weighed = choices.map((choice, i) => ({ ...choice, worth: worths[i]! }));
    const { remove, worth } = decideClasses(weighed, 4, 'mean');
    // 5 choices of 3 taps: 2 stay; scaled to 1 per tap the means are 2/3, 1/6, 2/3, 1/6.
    expect(remove).toEqual([1, 3]);
    expect([...worth]).toEqual([2 / 3, 0.5 / 3, 2 / 3, 0.5 / 3]);
  });

  it('is counted once for each tap, however many of its channels carry it', () => {
    const twice = [{ tap: tap('mfm', [0, 0, 1, -1]), chosen: new Set([1]) }];
    expect(decideClasses(twice, 2, 'vote').remove).toEqual([1]);
  });
});

it('worth is a threshold that decides as the taps would', () => {
  const readings = [
    { tap: tap('a', [0, 1]), worth: [4, 1] },
    { tap: tap('b', [0, 1]), worth: [0, 5] },
    { tap: tap('c', [0]), worth: [2] },
  ];
  expect([...classWorth(readings, 3, 'union')]).toEqual([1, 1, 0]);
  expect([...classWorth(readings, 3, 'mean')]).toEqual([2 / 3, 0.625, 0]);
  // Two of three taps reach 1 for class 0, one of two reaches 1 for class 1.
  expect([...classWorth(readings, 3, 'vote')]).toEqual([1, 1, 0]);
});

it('taps of a residual stream decide its channels together', async () => {
  const { analysis } = await analyse('residual');
  const keep = new Map([
    ['conv1', [0, 1]],
    ['conv3', [1, 2]],
    ['add1', [1, 3]],
  ]);
  expect(keptOf(planFromTaps(analysis, keep), 'conv1')).toEqual([0, 1, 2, 3]);
  expect(keptOf(planFromTaps(analysis, keep, { decide: 'vote' }), 'conv1')).toEqual([1]);
  const scores = new Map([
    ['conv1', [1, 0.9, 0, 0, 0, 0, 0, 0]],
    ['conv3', [0, 1, 0.9, 0, 0, 0, 0, 0]],
    ['add1', [0, 1, 0, 0.8, 0, 0, 0, 0]],
  ]);
  expect(keptOf(planFromTaps(analysis, keep, { decide: 'mean', scores }), 'conv3')).toEqual([0, 1]);
});
