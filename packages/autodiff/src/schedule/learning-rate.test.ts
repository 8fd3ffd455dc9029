import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Schedule } from './learning-rate.ts';
import { learningRate } from './learning-rate.ts';

const all = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, i) => learningRate(schedule, i + 1, steps));

it('a constant rate rises in a straight line first', () => {
  expect(all({ kind: 'constant', rate: 2, warmUp: 4 }, 6)).toEqual([0.5, 1, 1.5, 2, 2, 2]);
});

it('steps fall at their milestones', () => {
  expect(all({ kind: 'step', rate: 1, factor: 0.5, milestones: [0.5, 0.75] }, 8)).toEqual([
    1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25,
  ]);
});

it('a cosine starts at the rate, passes half of it in the middle and ends above its floor', () => {
  const rates = all({ kind: 'cosine', rate: 3, floor: 0.1 }, 100);
  expect(rates[0]).toBe(3);
  expect(rates[50]).toBeCloseTo(3 * 0.55, 12);
  expect(rates[99]).toBeGreaterThan(0.3);
  expect(rates[99]).toBeLessThan(0.31);
});

it('no schedule ever leaves (0, rate], and none rises after warming up', () => {
  const kinds = fc.constantFrom<Schedule['kind']>('constant', 'step', 'cosine');
  fc.assert(
    fc.property(kinds, fc.integer({ min: 2, max: 300 }), fc.nat(100), (kind, steps, warm) => {
      const warmUp = Math.min(warm, steps - 1);
      const rates = all({ kind, rate: 0.1, warmUp }, steps);
      rates.forEach((rate, i) => {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(0.1);
        if (i > warmUp) expect(rate).toBeLessThanOrEqual(rates[i - 1]!);
      });
    }),
  );
});

it.each<[Schedule, string]>([
  [{ kind: 'constant', rate: 0 }, 'the learning rate is 0'],
  [{ kind: 'cosine', rate: Infinity }, 'the learning rate is Infinity'],
  [{ kind: 'step', rate: 1, warmUp: 10 }, '10 of 10 steps warm up'],
])('%j is refused', (schedule, message) => {
  expect(() => learningRate(schedule, 1, 10)).toThrow(message);
});
