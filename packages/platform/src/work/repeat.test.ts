import { describe, expect, it, vi } from 'vitest';
import { IDLE, repeat } from './repeat.ts';

describe('what is done over and over', () => {
  it.each([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
  ])('goes on after a time that %s, and says so', async (_how, fail) => {
    const failures: unknown[] = [];
    let times = 0;
    const task = (): Promise<void> => (++times < 3 ? fail() : Promise.resolve());
    const repeating = repeat(1, task, (error) => failures.push(error));
    await vi.waitUntil(() => times > 4);
    await repeating.stop();
    expect(failures).toEqual([new Error('away'), new Error('away')]);
  });

  it('does what it was notified of while a time was failing', async () => {
    let [times, fail] = [0, (_error: Error): void => undefined];
    const failures: unknown[] = [];
    const repeating = repeat(
      0,
      () => (++times === 1 ? new Promise((_resolve, reject) => (fail = reject)) : Promise.resolve(IDLE)),
      (error) => failures.push(error),
    );
    await vi.waitUntil(() => times === 1);
    repeating.notify();
    fail(new Error('away'));
    await vi.waitUntil(() => times === 2);
    await repeating.stop();
    expect(failures).toHaveLength(1);
  });

  it('is over once it was stopped, also in the middle of a time that fails', async () => {
    let [times, fail] = [0, (_error: Error): void => undefined];
    const failures: unknown[] = [];
    const repeating = repeat(
      1,
      () => {
        times += 1;
        return new Promise((_resolve, reject) => (fail = reject));
      },
      (error) => failures.push(error),
    );
    await vi.waitUntil(() => times === 1);
    const stopped = repeating.stop();
    fail(new Error('away'));
    await stopped;
    repeating.notify();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([times, failures.length]).toEqual([1, 1]);
  });
});
