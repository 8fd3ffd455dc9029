import { stat } from 'node:fs/promises';
import { corrupt } from './store-failure.ts';
import { hashFile } from './write-file.ts';

/** Remembers which files were hashed and found right, so that each is hashed once while it stays as it is. */
export class VerifiedFiles {
  readonly #known = new Map<string, string>();

  /** Throws STORE_CORRUPT when the file's sha256 is another one; ENOENT when there is none. */
  async check(path: string, sha256: string): Promise<void> {
    const { ino, size, mtimeMs } = await stat(path);
    const identity = `${ino}:${size}:${mtimeMs}`;
    if (this.#known.get(path) === identity) return;
    const actual = await hashFile(path);
    if (actual.sha256 !== sha256) throw corrupt(path, sha256, actual.sha256, actual.bytes);
    this.#known.set(path, identity);
  }
}
