import { describe, expect, it } from 'vitest';
import { Budget } from './decode-budget.ts';

/** Work that ends when it is told to, and a record of what ran. */
function work(budget: Budget): {
  start: (name: string, bytes: number) => Promise<void>;
  end: (name: string) => Promise<void>;
  running: Set<string>;
} {
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  return {
    running,
    start: (name, bytes) =>
      budget.within(bytes, async () => {
        running.add(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        running.delete(name);
      }),
    end: async (name) => {
      ends.get(name)?.();
      for (let i = 0; i < 10; i += 1) await Promise.resolve();
    },
  };
}

describe('Budget', () => {
  it('lets through what fits, at once and in order, and the rest when there is room', async () => {
    const { start, end, running } = work(new Budget(100));
    const all = [start('a', 60), start('b', 40), start('c', 50), start('d', 1)];
    expect([...running]).toEqual(['a', 'b']);
    // One byte would fit soon, but it must not overtake for ever what came before it.
    await end('b');
    expect([...running]).toEqual(['a']);
    await end('a');
    expect([...running]).toEqual(['c', 'd']);
    await end('c');
    await end('d');
    await Promise.all(all);
  });

  it('lets what is larger than the bound go alone', async () => {
    const { start, end, running } = work(new Budget(100));
    const all = [start('a', 1), start('huge', 1000), start('b', 1)];
    expect([...running]).toEqual(['a']);
    await end('a');
    expect([...running]).toEqual(['huge']);
    await end('huge');
    expect([...running]).toEqual(['b']);
    await end('b');
    await Promise.all(all);
  });

  it('gives the room of failed work back', async () => {
    const budget = new Budget(10);
    await expect(budget.within(10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await budget.within(10, () => Promise.resolve(3))).toBe(3);
  });
});
