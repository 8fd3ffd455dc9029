import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@kneepoint/platform';
import { expect, it } from 'vitest';
import { DataFolder } from './data-folder.ts';

it('a command that ends while it begins to serve leaves no server behind', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kneepoint-folder-'));
  const config = readConfig({ KNEEPOINT_DATA_DIR: dataDir });
  const folder = new DataFolder(config);
  const lock = join(dataDir, 'database.lock');
  const serving = folder.serve();
  while (!existsSync(lock)) await new Promise((resolve) => setTimeout(resolve, 5));
  await folder.close();
  expect([existsSync(lock), existsSync(join(dataDir, 'server.json'))]).toEqual([false, false]);
  await expect(fetch((await serving).url)).rejects.toThrow('fetch failed');
  await rm(dataDir, { recursive: true });
});
