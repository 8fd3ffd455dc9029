import { type FileHandle, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, posix, sep } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import { quote } from '../quote.ts';

/** Files that systems leave behind; no layout means them. */
const LITTER = new Set(['thumbs.db', 'desktop.ini', '__macosx']);

/** Whether a file or folder of this name is passed over: hidden, or left behind by a system. */
export const isLitter = (name: string): boolean => name.startsWith('.') || LITTER.has(name.toLowerCase());

/** How files of images end, lower case. Only the contents decide whether one is read. */
const IMAGE_ENDINGS = new Set(
  '.jpg .jpeg .jpe .jfif .png .webp .gif .tif .tiff .avif .bmp .pgm .ppm .pbm .pnm .jp2 .dcm'.split(' '),
);

export const isImageName = (path: string): boolean => IMAGE_ENDINGS.has(extname(path).toLowerCase());

/** What lies in a folder: every file below it, by its path with forward slashes, sorted. */
export class Listing {
  readonly root: string;
  readonly files: readonly string[];
  readonly images: readonly string[];
  readonly #known: ReadonlySet<string>;

  /** Links to folders; nothing below them is listed. */
  readonly links: readonly string[];
  readonly #outside: ReadonlySet<string>;

  constructor(
    root: string,
    files: readonly string[],
    { links = [], outside = [] }: { readonly links?: readonly string[]; readonly outside?: readonly string[] } = {},
  ) {
    this.links = links;
    this.#outside = new Set(outside);
    this.root = root;
    this.files = files;
    this.images = files.filter(isImageName);
    this.#known = new Set(files);
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** Files whose last part is this, in any case: nearest to the root first. */
  named(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.files
      .filter((path) => posix.basename(path).toLowerCase() === wanted)
      .sort((a, b) => depth(a) - depth(b));
  }

  /** What lies in one of its folders, as if that were all. */
  within(folder: string): Listing {
    const inside = (paths: Iterable<string>): string[] =>
      [...paths].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
    const rest = { links: inside(this.links), outside: inside(this.#outside) };
    return new Listing(join(this.root, folder), inside(this.files), rest);
  }

  /** Where a file lies. Throws DATASET_IMAGE_PATH for a link that leaves the folder. */
  path(file: string): string {
    if (this.#outside.has(file)) {
      throw new Failure('DATASET_IMAGE_PATH', `${quote(file)} is a link that leaves the folder`, {
        where: file,
        fix: 'copy the file into the folder',
      });
    }
    return join(this.root, file);
  }

  /** A whole text file's bytes. Throws DATASET_MANIFEST_TOO_LARGE. */
  async read(file: string, most: number = LIMITS.manifestBytes): Promise<Buffer> {
    const { size } = await stat(this.path(file));
    if (size <= most) return readFile(this.path(file));
    throw new Failure('DATASET_MANIFEST_TOO_LARGE', `${file} has ${size} bytes`, {
      where: file,
      fix: `keep it within ${most} bytes`,
    });
  }

  /** The first bytes of a file as text, to tell what it is. */
  async head(file: string, bytes = 65_536): Promise<string> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.path(file), 'r');
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
      return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
    } finally {
      await handle?.close();
    }
  }
}

const depth = (path: string): number => path.split('/').length;

/** Lists a folder (a real path). Hidden files and what systems leave behind are passed over; links count as files only when they lead to one, and links to folders are not followed. */
export async function listFolder(root: string, signal?: AbortSignal): Promise<Listing> {
  const files: string[] = [];
  const links: string[] = [];
  const outside: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted();
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (isLitter(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(path);
      else if (entry.isSymbolicLink()) {
        const target = await targetOf(join(root, path));
        if (target?.isFolder === true) links.push(path);
        else if (target !== undefined) {
          files.push(path);
          if (!target.path.startsWith(root.endsWith(sep) ? root : root + sep)) outside.push(path);
        }
      }
    }
  }
  return new Listing(root, files.sort(), { links: links.sort(), outside });
}

/** What a link leads to, when that is a file or a folder. */
async function targetOf(link: string): Promise<{ readonly path: string; readonly isFolder: boolean } | undefined> {
  try {
    const path = await realpath(link);
    const entry = await stat(path);
    return entry.isFile() || entry.isDirectory() ? { path, isFolder: entry.isDirectory() } : undefined;
  } catch {
    return undefined;
  }
}
