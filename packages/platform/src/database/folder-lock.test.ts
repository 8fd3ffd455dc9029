import type * as files from 'node:fs/promises';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { lockFolder } from './folder-lock.ts';

/** Each answer of the disk comes a little later, so that whoever is interrupted between two of them is overtaken. */
vi.mock('node:fs/promises', async (original) => {
  const disk = await original<typeof files>();
  const late =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await new Promise((resolve) => setTimeout(resolve, 6 * Math.random()));
      return call(...given);
    };
  return {
    ...disk,
    link: late(disk.link),
    rename: late(disk.rename),
    rm: late(disk.rm),
    readFile: late(disk.readFile),
  };
});

async function contend(others: Record<string, object>): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'kneepoint-lock-'));
  const folder = join(place, 'database');
  for (const [name, owner] of Object.entries(others)) await writeFile(join(place, name), JSON.stringify(owner));
  const locks = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
  const held = locks.filter((lock) => lock.status === 'fulfilled');
  expect(held).toHaveLength(1);
  expect(await readdir(place)).toEqual(['database.lock']);
  await held[0]!.value.release();
  expect(await readdir(place)).toEqual([]);
  await rm(place, { recursive: true });
}

const dead = (id: string): object => ({ id, pid: process.pid, host: hostname(), started: '1' });

it('of many who find the lock of a dead process at once, one has it', async () => {
  await Promise.all(Array.from({ length: 30 }, () => contend({ 'database.lock': dead('a') })));
});

it('of many who find that somebody died while taking it over, one has it', async () => {
  const others = { 'database.lock': dead('a'), 'database.lock.claim-a': dead('b'), 'database.lock.claim-b': dead('c') };
  await Promise.all(Array.from({ length: 30 }, () => contend(others)));
});
