import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { statSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { Failure } from '@kneepoint/failures';

interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** When the process started, as its system tells it: a process number alone is soon given to another one. */
  readonly started: string;
  readonly url?: string;
}

export interface FolderLock {
  announce(url: string): Promise<void>;
  release(): Promise<void>;
}

const TOUCH_MS = 5_000;
/** A process on another host can't be looked up; its lock counts as long as it is touched. */
const FOREIGN_STALE_MS = 30_000;

/**
 * Keeps a folder to one process, by a file beside it that names the owner. A lock whose process is gone is taken over.
 * Throws DATABASE_IN_USE naming the process and, once known, its address.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = `${folder}.lock`;
  const owner: Owner = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    started: processStart(process.pid) ?? '',
  };
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, owner, folder);
  const timer = setInterval(() => void touch(path), TOUCH_MS).unref();
  return {
    async announce(url) {
      await place(path, { ...owner, url }, (from) => rename(from, path));
    },
    async release() {
      clearInterval(timer);
      if ((await readOwner(path))?.id === owner.id) await rm(path, { force: true });
    },
  };
}

async function acquire(path: string, owner: Owner, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      // `link` fails when the name exists, and what it makes appears whole: no reader meets a half-written lock.
      await place(path, owner, (from) => link(from, path));
      return;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    const holder = await readOwner(path);
    if (holder === undefined) continue;
    if (isAlive(holder, path)) throw inUse(folder, holder);
    await removeStale(path, holder);
  }
  throw inUse(folder, await readOwner(path));
}

/** Another process may have taken the lock over since it was judged: then it is put back. */
async function removeStale(path: string, judged: Owner): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const removed = await readOwner(aside);
  if (removed !== undefined && removed.id !== judged.id) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function place(path: string, owner: Owner, move: (from: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(owner));
  try {
    await move(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError) return { id: '', pid: 0, host: hostname(), started: '' };
    throw error;
  }
}

function isAlive(owner: Owner, path: string): boolean {
  if (owner.host !== hostname())
    return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < FOREIGN_STALE_MS;
  const started = processStart(owner.pid);
  return started !== undefined && started === owner.started;
}

/** Start of a process in its system's own terms; undefined when there is no such process. */
function processStart(pid: number): string | undefined {
  if (pid <= 0) return undefined;
  try {
    if (process.platform === 'linux') {
      // The name, field 2, may hold spaces and brackets; field 22, clock ticks since boot, is the 20th after it.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function touch(path: string): Promise<void> {
  const now = new Date();
  return utimes(path, now, now).catch(() => undefined);
}

function inUse(folder: string, owner: Owner | undefined): Failure {
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`;
  const address = owner?.url === undefined ? '' : `, which serves ${owner.url}`;
  return new Failure('DATABASE_IN_USE', `${folder} is in use by ${who}${address}`, {
    where: folder,
    fix: owner?.url === undefined ? 'stop that process, or use another data folder' : `use the server at ${owner.url}`,
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
