import { expect, it } from 'vitest';
import { isLarger } from './answer-size.ts';

const value = { runs: Array.from({ length: 1000 }, (_, index) => ({ id: `run ${index}`, at: null, done: index / 7 })) };

it('is about that of the JSON', () => {
  const bytes = JSON.stringify(value).length;
  expect(isLarger(value, bytes * 1.5)).toBe(false);
  expect(isLarger(value, bytes / 1.5)).toBe(true);
});

it('looks no further than it must', () => {
  const looked: number[] = [];
  const items = Array.from({ length: 100 }, (_, index) => ({
    get text() {
      looked.push(index);
      return 'x'.repeat(100);
    },
  }));
  expect(isLarger(items, 1000)).toBe(true);
  expect(looked.length).toBeLessThan(12);
});
