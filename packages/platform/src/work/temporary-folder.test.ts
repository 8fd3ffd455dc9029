import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from './temporary-folder.ts';

test('a folder is gone after the work, and so are those that dead processes of this machine left', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kneepoint-temporary-'));
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const left = async (name: string): Promise<void> => {
    await mkdir(join(dataDir, 'work', name), { recursive: true });
    await writeFile(join(dataDir, 'work', name, 'file'), 'x');
  };
  const others = [`step-${hostname()}-${process.ppid}-alive1`, `step-elsewhere-${dead}-abcdef`, 'something-else'];
  for (const name of others) await left(name);
  await left(`step-${hostname()}-${dead}-abcdef`);
  await left(`step-${hostname()}-${process.pid}-before`);

  const during = await withTemporaryFolder(dataDir, async (folder) => {
    expect(await readdir(folder)).toEqual([]);
    expect((await readdir(join(dataDir, 'work'))).sort()).toEqual([...others, basename(folder)].sort());
    return 'done';
  });
  expect(during).toBe('done');
  await expect(withTemporaryFolder(dataDir, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await readdir(join(dataDir, 'work'))).sort()).toEqual([...others].sort());
  await rm(dataDir, { recursive: true });
});
