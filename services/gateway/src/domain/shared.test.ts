import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Shared } from './shared.ts';

describe('what many ask for at once', () => {
  it('is read once for those of a moment, and once more for all who come while it is read', async () => {
    const shared = new Shared<number>();
    let stored = 1;
    let reads = 0;
    const ask = (): Promise<number> =>
      shared.ask('count', async () => {
        reads += 1;
        const found = stored;
        await sleep(20);
        return found;
      });
    const early = [ask(), ask(), ask()];
    await sleep(10);
    // What is written now must be seen by who asks from now on.
    stored = 2;
    const late = [ask(), ask(), ask()];
    expect(await Promise.all(early)).toEqual([1, 1, 1]);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    expect(reads).toBe(2);
    stored = 3;
    expect(await ask()).toBe(3);
  });

  it('fails for those who shared it, and is read anew for the next', async () => {
    const shared = new Shared<string>();
    const failing = [1, 2].map(() => shared.ask('a', () => Promise.reject(new Error('away'))));
    for (const one of failing) await expect(one).rejects.toThrow('away');
    expect(await shared.ask('a', () => Promise.resolve('there'))).toBe('there');
    expect(await shared.ask('b', () => Promise.resolve('another'))).toBe('another');
  });
});
