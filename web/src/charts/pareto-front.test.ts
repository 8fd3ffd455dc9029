import { expect, it } from 'vitest';
import { paretoFront } from './pareto-front.ts';

it('a front is what nothing else is both cheaper and better than, whichever way is better', () => {
  const points = [
    { cost: 1, value: 0.5 },
    { cost: 2, value: 0.9 },
    { cost: 2, value: 0.7 },
    { cost: 3, value: 0.9 },
    { cost: 4, value: 0.95 },
  ];
  expect(paretoFront(points, true)).toEqual([true, true, false, false, true]);
  expect(paretoFront(points, false)).toEqual([true, false, false, false, false]);
});

it('of two that are the same both are on it', () => {
  const same = { cost: 1, value: 0.5 };
  expect(paretoFront([same, { ...same }], true)).toEqual([true, true]);
});
