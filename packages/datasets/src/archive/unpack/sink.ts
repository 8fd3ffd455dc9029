import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@kneepoint/failures';
import { isLitter } from '../../layouts/listing.ts';
import { LIMITS } from '../../limits.ts';
import { quote } from '../../quote.ts';

/** What an archive may grow to. */
export type UnpackLimits = Readonly<
  Record<'archiveEntries' | 'archiveBytes' | 'archiveRatio' | 'archiveFloor', number>
>;

const FIX = 'pack a plain folder of images and labels';

export function refused(message: string, where: string, fix = FIX): Failure {
  return new Failure('DATASET_ARCHIVE_REFUSED', message, { where, fix });
}

/** A disk that is full, a file that cannot be opened: nothing that the archive could do about. */
export function isSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Where entries of an archive go: files below one folder, and no more of them than may be. */
export class Sink {
  readonly #folder: string;
  readonly #limits: UnpackLimits;
  readonly #mostBytes: number;
  readonly #folders = new Set<string>();
  #entries = 0;
  #bytes = 0;

  private constructor(folder: string, archiveBytes: number, limits: UnpackLimits) {
    this.#folder = folder;
    this.#limits = limits;
    const byRatio = Math.max(limits.archiveFloor, archiveBytes * limits.archiveRatio);
    this.#mostBytes = Math.min(limits.archiveBytes, byRatio);
  }

  static async open(folder: string, archive: string, limits: UnpackLimits = LIMITS): Promise<Sink> {
    await mkdir(folder, { recursive: true });
    return new Sink(folder, (await stat(archive)).size, limits);
  }

  /**
   * The path in the folder that an entry's name means; undefined for what no layout means: the folder itself, hidden files, what
   * systems leave behind. Counts the entry. Throws DATASET_ARCHIVE_REFUSED.
   */
  place(name: string): string | undefined {
    this.#entries += 1;
    if (this.#entries > this.#limits.archiveEntries) {
      throw refused(`the archive has more than ${this.#limits.archiveEntries} entries`, name);
    }
    const path = name.replaceAll('\\', '/');
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..') || path.startsWith('/') || /^[A-Za-z]:\//.test(path)) {
      throw refused(
        `entry ${quote(name)} leaves the folder of the archive`,
        name,
        'pack the folder from within, as `tar -C FOLDER .` does',
      );
    }
    if ([...path].some((character) => character < ' ' || character === '\u007f')) {
      throw refused(`the name of entry ${quote(name)} has a control character`, name, 'rename the file');
    }
    const long =
      Buffer.byteLength(path) > LIMITS.pathBytes || parts.some((part) => Buffer.byteLength(part) > LIMITS.nameBytes);
    if (long)
      throw refused(`the name of entry ${quote(name.slice(0, 80))}… is too long`, name.slice(0, 80), 'rename the file');
    return parts.length === 0 || parts.some(isLitter) ? undefined : parts.join('/');
  }

  /** Writes a file; of several of one name the last stays, as with tar. Throws DATASET_ARCHIVE_REFUSED, DATASET_ARCHIVE_INVALID. */
  async write(path: string, contents: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<void> {
    try {
      await this.#makeFolder(dirname(path));
      await pipeline(contents, this.#counted(path), createWriteStream(join(this.#folder, path)), { signal });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EISDIR' && code !== 'ENOTDIR' && code !== 'EEXIST') throw error;
      throw new Failure('DATASET_ARCHIVE_INVALID', `${quote(path)} is a file and a folder at once`, {
        where: path,
        fix: 'pack the folder again',
        cause: error,
      });
    }
  }

  /** Throws DATASET_ARCHIVE_REFUSED before an entry is unpacked that says itself that it is too large. */
  announce(path: string, bytes: number): void {
    if (this.#bytes + bytes > this.#mostBytes) throw this.#tooLarge(path);
  }

  #counted(path: string): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#bytes += chunk.length;
        if (this.#bytes > this.#mostBytes) done(this.#tooLarge(path));
        else done(null, chunk);
      },
    });
  }

  #tooLarge(path: string): Failure {
    const most = this.#mostBytes;
    return refused(`the archive unpacks to more than ${most} bytes, the most that one of its size may`, path);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await mkdir(join(this.#folder, path), { recursive: true });
    this.#folders.add(path);
  }
}
