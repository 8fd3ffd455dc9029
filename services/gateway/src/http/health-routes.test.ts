import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { kept } from './health-routes.ts';

// A clock that moves when it is told to: on a busy machine the other one moves between any two lines.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => void vi.useRealTimers());

it('whether a gateway is ready is looked up once for all who ask at a time, and anew for those who ask later', async () => {
  let looks = 0;
  const ready = kept(async () => {
    looks += 1;
    await Promise.resolve();
    if (looks === 2) throw new Error('away');
    return looks;
  }, 30);
  expect(await Promise.all(Array.from({ length: 100 }, ready))).toEqual(Array.from({ length: 100 }, () => 1));
  await vi.advanceTimersByTimeAsync(29);
  expect(await ready()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await expect(ready()).rejects.toThrow('away');
  await vi.advanceTimersByTimeAsync(30);
  expect(await ready()).toBe(3);
});
