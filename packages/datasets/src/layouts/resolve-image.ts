import { posix } from 'node:path';
import type { Part } from '../table/table.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';

export interface ResolvedImage {
  /** As it lies in the folder; as it was written, with forward slashes, where no file fits. */
  readonly path: string;
  readonly found: boolean;
}

/**
 * The files that the names in a table mean: relative to the folder or to the table, with Windows' separators, absolute
 * inside the folder, without an ending, or in a folder that the table does not name (the last two only where
 * one file fits, or one in the folder of `prefer`, the part of the split that the table is of).
 */
export function resolveImages(
  listing: Listing,
  names: readonly string[],
  table: string,
  prefer?: Part,
): ResolvedImage[] {
  const beside = posix.dirname(table);
  const search = lazily(() => new Suffixes(listing.images));
  return names.map((written) => {
    const name = inside(written.trim().replaceAll('\\', '/'), listing.root);
    if (name === '' || name.split('/').includes('..') || name.startsWith('/')) return { path: name, found: false };
    const normal = posix.normalize(name);
    const direct = [normal, posix.join(beside, normal)].find((path) => listing.has(path));
    if (direct !== undefined) return { path: direct, found: true };
    const other = search().find(normal, prefer);
    return other === undefined ? { path: name, found: false } : { path: other, found: true };
  });
}

/** An absolute path of a file in the folder, relative to it. */
function inside(name: string, root: string): string {
  const prefix = root.replaceAll('\\', '/').replace(/\/?$/, '/');
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Finds images by the end of their path, with or without the ending of the file. */
class Suffixes {
  readonly #byName = new Map<string, string[]>();

  constructor(images: readonly string[]) {
    for (const path of images) {
      const base = posix.basename(path);
      for (const key of new Set([base, stem(base)])) {
        const known = this.#byName.get(key);
        if (known === undefined) this.#byName.set(key, [path]);
        else known.push(path);
      }
    }
  }

  find(name: string, prefer: Part | undefined): string | undefined {
    const fits = (this.#byName.get(posix.basename(name)) ?? []).filter((path) => {
      return [path, stem(path)].some((end) => end === name || end.endsWith(`/${name}`));
    });
    if (fits.length === 1) return fits[0];
    const own =
      prefer === undefined
        ? []
        : fits.filter((path) => path.split('/').some((word) => partOf(word.replace(/\d+$/, '')) === prefer));
    return own.length === 1 ? own[0] : undefined;
  }
}

const stem = (path: string): string => path.slice(0, path.length - posix.extname(path).length);

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
