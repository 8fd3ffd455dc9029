import { expect, it } from 'vitest';
import { CostModel } from './cost-model.ts';
import { widthsByDamage } from './widths.ts';

const CLASSES = 20;

/** Groups of equal damage, each the axis of a layer that takes what a rule says of its length. */
function groupsOf(times: readonly ((length: number) => number)[]) {
  const groups = times.map((_, group) => Array.from({ length: CLASSES }, (_, i) => CLASSES * group + i));
  const terms = times.map((time, group) => ({
    dimensions: [{ fixed: 0, perClass: new Map(groups[group]!.map((id) => [id, 1])), parts: 1 }],
    at: ([length]: readonly number[]) => time(length!),
  }));
  return {
    cost: new CostModel(terms, groups),
    damage: groups.map(() => Float64Array.from({ length: CLASSES + 1 }, (_, kept) => CLASSES - kept)),
    allowed: groups.map(() => Array.from({ length: CLASSES }, (_, i) => i + 1)),
  };
}

it.each([
  ['does not fall before 8 of 20 are left', (length: number) => (length < 8 ? 2.5 * length : 20)],
  ['rises first', (length: number) => (length < 8 || length === 20 ? length : 21)],
])('a layer whose time %s is cut as far as that saves', (_, time) => {
  const groups = groupsOf([time, time]);
  const kept = widthsByDamage(groups, 30);
  const cost = kept.reduce((sum, count) => sum + time(count), 0);
  expect(cost).toBeLessThanOrEqual(30);
  expect(Math.max(...kept)).toBe(CLASSES);
  expect(Math.min(...kept)).toBeGreaterThan(3);
});
