import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Refusals, WRITTEN_A_MINUTE } from './refusals.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a flood of refusals is so many lines in a minute and one with the number of the others; other principals are not concerned', () => {
  const refusals = new Refusals();
  const told: number[] = [];
  const admit = (principal: string): boolean => refusals.admit(principal, (more) => told.push(more));
  const flood = Array.from({ length: 1000 }, () => admit('flood'));
  expect(flood.filter((isWritten) => isWritten)).toHaveLength(WRITTEN_A_MINUTE);
  expect(admit('other')).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([1000 - WRITTEN_A_MINUTE]);
  expect(admit('flood')).toBe(true);
  vi.advanceTimersByTime(120_000);
  expect(told).toHaveLength(1);
});
