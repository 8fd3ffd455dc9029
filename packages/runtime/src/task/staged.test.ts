import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TaskProgress } from './messages.ts';
import { staged } from './staged.ts';

const sharesOf = (updates: readonly TaskProgress[]): readonly (number | undefined)[] => {
  const share = staged();
  return updates.map((update) => share(update).share);
};
const images = (done: number, total = 10): TaskProgress => ({ done, total, unit: 'images' });
const stage = (done: number, total: number, until?: number): TaskProgress => ({
  ...{ done, total, unit: 'stages' },
  ...(until === undefined ? {} : { until }),
});

it('of one that counts one thing, the share that is done', () => {
  expect(sharesOf([images(0), images(5), images(10)])).toEqual([0, 0.5, 1]);
});

it('of one in stages, each a part of the whole, as long as it says', () => {
  expect(sharesOf([stage(0, 10), images(10), stage(1, 10, 9), images(5), stage(9, 10), images(5)])).toEqual([
    0, 0.1, 0.1, 0.5, 0.9, 0.95,
  ]);
});

it('never falls, lies between 0 and 1 and is a number, whatever is told', () => {
  const count = fc.oneof(fc.integer({ min: -3, max: 20 }), fc.constantFrom(NaN, Infinity));
  const update = fc.record({ done: count, total: count, unit: fc.constantFrom('images', 'stages'), until: count });
  fc.assert(
    fc.property(fc.array(update), (updates) => {
      const shares = sharesOf(updates) as readonly number[];
      expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
      expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    }),
  );
});
