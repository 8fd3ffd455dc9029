import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../testing/behave.task.ts';
import { gone, isThere } from '../testing/processes.ts';
import type { PoolOptions } from './task-pool.ts';
import { TaskPool } from './task-pool.ts';

const TASK = new URL('../testing/behave.task.ts', import.meta.url);
const open: TaskPool<Behaviour, unknown>[] = [];

function pool(options: Partial<PoolOptions> = {}): TaskPool<Behaviour, unknown> {
  const made = new TaskPool<Behaviour, unknown>(TASK, { size: 1, timeoutMs: 20_000, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

describe('a pool of processes', () => {
  it('runs many tasks in one process and ends it when closed', async () => {
    const tasks = pool();
    const pids = new Set<unknown>();
    for (let i = 0; i < 30; i++) pids.add(await tasks.run({ how: 'pid' }));
    expect(pids.size).toBe(1);
    const [pid] = pids as Set<number>;
    expect(isThere(pid!)).toBe(true);
    await tasks.close();
    expect(isThere(pid!)).toBe(false);
    await expect(tasks.run({ how: 'pid' })).rejects.toMatchObject({ message: 'the pool is closed' });
  });

  it('throws away a process whose task failed', async () => {
    const tasks = pool();
    const first = (await tasks.run({ how: 'pid' })) as number;
    await expect(tasks.run({ how: 'refuse' })).rejects.toMatchObject({ code: 'MODEL_EMPTY' });
    expect(isThere(first)).toBe(false);
    expect(await tasks.run({ how: 'pid' })).not.toBe(first);
  });

  it('replaces a process that died while idle', async () => {
    const tasks = pool();
    const first = (await tasks.run({ how: 'pid' })) as number;
    process.kill(first, 'SIGKILL');
    expect(await gone(first, 2000)).toBe(true);
    await wait(50);
    expect(await tasks.run({ how: 'echo', value: 7 })).toBe(7);
  });

  it('throws away a process that one task left heavy', async () => {
    const tasks = pool({ memoryMb: 400 });
    const first = await tasks.run({ how: 'pid' });
    expect(await tasks.run({ how: 'holdBuffers', value: 200 })).toBe(200);
    expect(await tasks.run({ how: 'pid' })).not.toBe(first);
  });

  it('runs no more tasks at once than its size, in order of arrival', async () => {
    const tasks = pool({ size: 2 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const one = async (index: number) => {
      const work = tasks.run({ how: 'loop', value: 150 }, { onProgress: () => (most = Math.max(most, ++running)) });
      await work;
      running--;
      order.push(index);
    };
    await Promise.all([0, 1, 2, 3, 4].map(one));
    expect(most).toBe(2);
    expect(order.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(order.indexOf(4)).toBeGreaterThan(order.indexOf(0));
  });

  it('lets a waiting task give up without disturbing the others', async () => {
    const tasks = pool();
    const controller = new AbortController();
    const first = tasks.run({ how: 'loop', value: 300 });
    const second = tasks.run({ how: 'echo', value: 2 }, { signal: controller.signal });
    const third = tasks.run({ how: 'echo', value: 3 });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'RUNTIME_CANCELED' });
    expect(await Promise.all([first, third])).toEqual(['done', 3]);
  });

  it('adds no listener to a signal that many tasks share', async () => {
    const tasks = pool();
    const { signal } = new AbortController();
    const warnings: unknown[] = [];
    const note = (warning: unknown) => warnings.push(warning);
    process.on('warning', note);
    for (let i = 0; i < 20; i++) await tasks.run({ how: 'echo', value: i }, { signal });
    await wait(20);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
