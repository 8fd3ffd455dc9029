import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** `step-HOST-PID-` and what makes it unique. Processes of several machines may share a folder. */
const OWNED = /^step-(.+)-(\d+)-[^-]+$/;
const swept = new Map<string, Promise<void>>();

/** A folder for one piece of work, gone afterwards whatever happens; on the data directory's disk, so that large files move cheaply. */
export async function withTemporaryFolder<T>(dataDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(dataDir, 'work');
  await mkdir(parent, { recursive: true });
  await sweepOnce(parent);
  const folder = await mkdtemp(join(parent, `step-${hostname()}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Before this process's first work there: a process that was killed could not remove its folders. */
function sweepOnce(parent: string): Promise<void> {
  let sweep = swept.get(parent);
  if (sweep === undefined) {
    sweep = removeOrphans(parent);
    swept.set(parent, sweep);
  }
  return sweep;
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, host, pid] = OWNED.exec(name) ?? [];
    if (host !== hostname() || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    // Another process may be sweeping too; what stays is only space.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
