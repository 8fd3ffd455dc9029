import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { listFolder } from '../layouts/listing.ts';
import { type FolderOptions, readFolder } from '../manifest/read-folder.ts';
import { openDataset } from './open-dataset.ts';
import { readImageFile } from './read-image-file.ts';

/** Pictures without their labels, none of which has been looked at yet. */
export interface ImageSource {
  /** Their names, in the order of the data set. */
  readonly names: readonly string[];
  /** The file bytes of image `i`, from 0. */
  read(i: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * The pictures of a packed data set, or of a folder in any layout; where nothing says what they show, those that lie in it. For who needs
 * some of them, without packing all.
 * @throws DATASET_* as `openDataset` and `readManifest` do
 */
export async function openImages(path: string, options: FolderOptions = {}): Promise<ImageSource> {
  if ((await stat(path).catch(() => undefined))?.isFile()) {
    const dataset = await openDataset(path);
    return { names: dataset.manifest.images, read: (i) => dataset.read(i), close: () => dataset.close() };
  }
  try {
    const { manifest, table } = await readFolder(path, options);
    const names = manifest.images;
    return { names, read: (i) => table.rows[i]?.read?.() ?? fileOf(path, names[i]), close };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DATASET_MANIFEST_MISSING') throw error;
    const listing = await listFolder(await realpath(path), options.signal);
    const names = listing.images;
    if (names.length === 0) throw error;
    // Its links are not looked at by anything else.
    return { names, read: async (i) => readImageFile(listing.path(names[i] ?? ''), names[i] ?? ''), close };
  }
}

const close = (): Promise<void> => Promise.resolve();

const fileOf = (folder: string, name = ''): Promise<Buffer> => readImageFile(join(folder, name), name);
