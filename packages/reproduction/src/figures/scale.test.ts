import { expect, it } from 'vitest';
import { linearScale, tickTexts } from './scale.ts';

it.each([
  [
    [0, 10, 20],
    ['0', '10', '20'],
  ],
  [
    [0.526, 0.5265, 0.527],
    ['0.5260', '0.5265', '0.5270'],
  ],
  [
    [12_340, 12_341, 12_342],
    ['12340', '12341', '12342'],
  ],
  [
    [1e6, 2e6],
    ['1 M', '2 M'],
  ],
])('says %j apart', (ticks, texts) => {
  expect(tickTexts(ticks)).toEqual(texts);
});

it('says what a scale of narrow values stands for', () => {
  const { ticks } = linearScale([0.5255, 0.5279], 0, 100);
  expect(new Set(tickTexts(ticks)).size).toBe(ticks.length);
});
