import { describe, expect, it } from 'vitest';
import { keepBound, keeps, keptShare } from './keep-goal.ts';
import { bestTrial, nextRound, type Trial } from './next-round.ts';
import { roundShares } from './round-shares.ts';

const accuracy = (validation: number, task = 'pose') => ({ task, higherIsBetter: true, validation });
const error = (validation: number, task = 'age') => ({ task, higherIsBetter: false, validation });

describe('a goal to keep', () => {
  it.each([
    ['a share of an accuracy', { share: 0.9 }, accuracy(0.8), 0.72],
    ['a share of an error', { share: 0.8 }, error(4), 5],
    ['a difference of an accuracy', { within: 0.02 }, accuracy(0.8), 0.78],
    ['a difference of an error', { within: 0.5 }, error(4), 4.5],
  ])('%s bounds the metric', (_what, goal, whole, bound) => {
    expect(keepBound(goal, whole)).toBeCloseTo(bound, 12);
    expect(keeps(goal, [whole], [{ ...whole, validation: bound }])).toBe(true);
    const worse = bound + (whole.higherIsBetter ? -0.001 : 0.001);
    expect(keeps(goal, [whole], [{ ...whole, validation: worse }])).toBe(false);
  });

  it('is met by several tasks only if each of them meets it, in whatever order they come', () => {
    const whole = [accuracy(0.8), error(4)];
    expect(keeps({ share: 0.9 }, whole, [error(4.4), accuracy(0.75)])).toBe(true);
    expect(keeps({ share: 0.9 }, whole, [error(4.6), accuracy(0.9)])).toBe(false);
    expect(keptShare(whole, [error(5), accuracy(0.84)])).toBeCloseTo(0.8, 12);
  });

  it('counts an error of nothing as kept by nothing else, without a division by it', () => {
    expect(keptShare([error(0)], [error(0)])).toBe(1);
    expect(keptShare([error(0)], [error(1)])).toBe(0);
    expect(keptShare([accuracy(0)], [accuracy(0)])).toBe(1);
  });
});

describe('rounds to a share', () => {
  it.each([
    [0.5, [0.5]],
    [0.4, [0.4]],
    [0.3, [0.3]],
    [0.2, [0.4, 0.2]],
    [0.1, [0.4, 0.2, 0.1]],
    [0.05, [0.4, 0.2, 0.1, 0.05]],
    [0.03, [0.4, 0.209, 0.11, 0.057, 0.03]],
  ])('%d is reached by %j', (share, wanted) => {
    const found = roundShares(share);
    expect(found).toHaveLength(wanted.length);
    found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 3));
  });
});

describe('the search for the smallest network that keeps a goal', () => {
  /** Trials against a network that keeps the goal down to a share. */
  function search(limit: number, { floor, most = 20 }: { floor?: number; most?: number } = {}): readonly Trial[] {
    const trials: Trial[] = [];
    while (trials.length < most) {
      const next = nextRound(trials, floor);
      if (next.done) break;
      if (next.from !== null) expect(trials[next.from]!.share).toBeGreaterThan(next.share);
      trials.push({ share: next.share, keeps: next.share >= limit, kept: Math.min(1, 0.99 + next.share - limit) });
    }
    return trials;
  }

  it.each([0.5, 0.3, 0.15, 0.06, 0.02])('finds it within a third, where it keeps the goal down to %d', (limit) => {
    const trials = search(limit);
    const { share, keeps } = trials[bestTrial(trials)]!;
    expect(keeps).toBe(true);
    expect(limit / share).toBeGreaterThan(0.74);
    expect(trials.length).toBeLessThan(9);
  });

  it('cuts each time from the smallest network that kept it', () => {
    const trials: Trial[] = [
      { share: 0.2, keeps: true, kept: 1 },
      { share: 0.1, keeps: true, kept: 1 },
      { share: 0.05, keeps: false, kept: 0.9 },
    ];
    expect(nextRound(trials)).toEqual({ done: false, from: 1, share: expect.closeTo(Math.sqrt(0.005), 12) as number });
    expect(nextRound([])).toEqual({ done: false, from: null, share: 0.2 });
  });

  it('stops at a size that is small enough', () => {
    const trials = search(0, { floor: 0.12 });
    expect(trials.map(({ share }) => share)).toEqual([0.2, 0.12]);
    expect(nextRound(trials, 0.12)).toEqual({ done: true, best: 1 });
  });

  it('that finds none ends with the network that keeps most', () => {
    const trials = search(1.1);
    expect(trials.some(({ keeps }) => keeps)).toBe(false);
    expect(trials.length).toBeLessThan(8);
    expect(bestTrial(trials)).toBe(trials.length - 1);
    expect(nextRound(trials).done).toBe(true);
  });
});
