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
 * The files that the names in a table mean: relative to the table or else to the folder, with Windows' separators, absolute
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
  const search = suffixesOf(listing);
  return names.map((written) => {
    const name = inside(written.trim().replaceAll('\\', '/'), listing.root);
    if (name === '' || name.split('/').includes('..') || name.startsWith('/')) return { path: name, found: false };
    const normal = posix.normalize(name);
    const direct = [posix.join(beside, normal), normal].find((path) => listing.has(path));
    if (direct !== undefined) return { path: direct, found: true };
    const other = search.find(normal, prefer);
    return other === undefined ? { path: name, found: false } : { path: other, found: true };
  });
}

/** An absolute path of a file in the folder, relative to it. */
function inside(name: string, root: string): string {
  const prefix = root.replaceAll('\\', '/').replace(/\/?$/, '/');
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** One for a listing, however many tables and rows ask. */
const SUFFIXES = new WeakMap<Listing, Suffixes>();

function suffixesOf(listing: Listing): Suffixes {
  const known = SUFFIXES.get(listing) ?? new Suffixes(listing.images);
  SUFFIXES.set(listing, known);
  return known;
}

/** Finds images by the end of their path, with or without the ending of the file. */
class Suffixes {
  readonly #images: readonly string[];
  /** By the number of parts of a name: the images by so many last parts of their path. Tables keep to one or two. */
  readonly #byLength = new Map<number, ReadonlyMap<string, readonly string[]>>();
  /** Names that several images fit, by the part that was preferred. */
  readonly #chosen = new Map<string, string | undefined>();

  constructor(images: readonly string[]) {
    this.#images = images;
  }

  find(name: string, prefer: Part | undefined): string | undefined {
    const fits = this.#ending(name.split('/').length).get(name) ?? [];
    if (fits.length <= 1 || prefer === undefined) return fits.length === 1 ? fits[0] : undefined;
    const key = `${prefer}/${name}`;
    if (!this.#chosen.has(key)) {
      const own = fits.filter((path) => path.split('/').some((word) => partOf(word.replace(/\d+$/, '')) === prefer));
      this.#chosen.set(key, own.length === 1 ? own[0] : undefined);
    }
    return this.#chosen.get(key);
  }

  #ending(length: number): ReadonlyMap<string, readonly string[]> {
    const known = this.#byLength.get(length);
    if (known !== undefined) return known;
    const made = new Map<string, string[]>();
    for (const path of this.#images) {
      const parts = path.split('/');
      if (parts.length < length) continue;
      const end = parts.slice(-length).join('/');
      for (const key of new Set([end, stem(end)])) {
        const same = made.get(key);
        if (same === undefined) made.set(key, [path]);
        else same.push(path);
      }
    }
    this.#byLength.set(length, made);
    return made;
  }
}

const stem = (path: string): string => path.slice(0, path.length - posix.extname(path).length);
