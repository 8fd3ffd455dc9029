import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for one piece of work, gone afterwards whatever happens; on the data directory's disk, so that large files move cheaply. */
export async function withTemporaryFolder<T>(dataDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(dataDir, 'work');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'step-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
