import { createHash } from 'node:crypto';
import { appendFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Part } from './outcome.ts';

/** What was finished before, one JSON line each, so that a run that was stopped goes on. */
export class Store {
  readonly #path: string;
  readonly #entries: Entry[];

  private constructor(path: string, entries: Entry[]) {
    this.#path = path;
    this.#entries = entries;
  }

  static async open(path: string): Promise<Store> {
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    // The last line of a run that was killed may be cut short.
    return new Store(path, lines.flatMap(parsed));
  }

  /** The latest entry made by this version of the code; with `stale`, otherwise the latest by any. */
  find(network: string, part: Part, version: string, stale = false): Entry | undefined {
    const own = this.#entries.filter((entry) => entry.network === network && entry.part === part);
    return own.findLast((entry) => entry.version === version) ?? (stale ? own.at(-1) : undefined);
  }

  async add(entry: Entry): Promise<void> {
    this.#entries.push(entry);
    await appendFile(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

/** A hash of the contents of files and, of folders, of all that is not a test. */
export async function versionOf(root: string, paths: readonly string[], ...also: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const listed = path.includes('.') ? [path] : await filesBelow(root, path);
    for (const file of listed.sort()) hash.update(`${file}\n`).update(await readFile(join(root, file)));
  }
  for (const text of also) hash.update(`${text}\n`);
  return hash.digest('hex').slice(0, 12);
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

function parsed(line: string): Entry[] {
  try {
    return [JSON.parse(line) as Entry];
  } catch {
    return [];
  }
}
