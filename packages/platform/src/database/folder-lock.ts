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
/** Who is overtaken by others looks again so often. */
const ATTEMPTS = 5;

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
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // `link` fails when the name exists, and what it makes appears whole: no reader meets a half-written lock.
    if (await places(path, owner)) return;
    const line = await successionOf(path);
    const last = line.at(-1);
    if (last === undefined) continue;
    if (isAlive(last.owner, last.path)) throw inUse(folder, last.owner);
    if (await succeeds(path, owner, line)) return;
  }
  throw inUse(folder, await readOwner(path));
}

/** An owner, and the file that says so. */
interface Held {
  readonly owner: Owner;
  readonly path: string;
}

/**
 * The lock, who has claimed it of its dead owner, who has claimed that of one who died before the lock was replaced, and so on. A claim is a
 * file that is named after the owner whose place it takes, so that there is one at most.
 */
async function successionOf(path: string): Promise<readonly Held[]> {
  const line: Held[] = [];
  for (let at = path; ; at = claimOn(path, line.at(-1)!.owner)) {
    const owner = await readOwner(at);
    if (owner === undefined) return line;
    line.push({ owner, path: at });
  }
}

function claimOn(path: string, { id }: Owner): string {
  return `${path}.claim-${id}`;
}

/**
 * Takes the place of the last of a line, all of whom are dead; whether that succeeded. A lock is never taken away, and replaced by nobody but
 * who has the claim on it: else of several who find it stale, one could take away what another has just put there.
 */
async function succeeds(path: string, owner: Owner, line: readonly Held[]): Promise<boolean> {
  const claim = claimOn(path, line.at(-1)!.owner);
  if (!(await places(claim, owner))) return false;
  // Whoever was faster may have replaced the lock, and cleared the claims on it, since they were read.
  const isFirst = (await readOwner(path))?.id === line[0]!.owner.id;
  if (isFirst) await place(path, owner, (from) => rename(from, path));
  for (const file of isFirst ? [...line.slice(1).map((held) => held.path), claim] : [claim]) {
    await rm(file, { force: true });
  }
  return isFirst;
}

/** Puts a file where there is none; whether there was none. */
async function places(path: string, owner: Owner): Promise<boolean> {
  try {
    await place(path, owner, (from) => link(from, path));
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
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
