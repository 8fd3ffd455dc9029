import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { readsAsFound } from '../manifest/read-folder.ts';
import { quote } from '../quote.ts';
import { openDataset } from './open-dataset.ts';
import { packDataset, type PackOptions } from './pack-dataset.ts';
import { unpackArchive } from './unpack/unpack.ts';
import { verifyDataset } from './verify-dataset.ts';

export interface PackSourceOptions extends PackOptions {
  /** A folder for what an archive holds; whoever makes it removes it. */
  readonly scratch: string;
}

/**
 * Packs labelled images as people have them: a folder, an archive of one (tar, tar.gz, zip), or what was packed before. Gives the packed
 * archive: `out`, or `path` itself where that is one, is sound and is not to be read in another way.
 * @throws DATASET_* (as packDataset and unpackArchive), the signal's reason
 */
export async function packSource(path: string, options: PackSourceOptions): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !(found.isDirectory() || found.isFile())) {
    throw new Failure('DATASET_FOLDER_MISSING', `${quote(path)} is neither a folder nor an archive`, {
      where: path,
      fix: 'give the folder that holds the images and their labels, or a tar, tar.gz or zip of it',
    });
  }
  const { scratch, ...pack } = options;
  if (found.isDirectory()) {
    await packDataset(path, pack);
    return pack.out;
  }
  const failure = readsAsFound(options) ? await whyNotPacked(path, options) : undefined;
  if (failure === null) return path;
  try {
    await packDataset(await unpackArchive(path, join(scratch, 'unpacked'), options), pack);
    return pack.out;
  } catch (error) {
    // What begins as a packed data set is judged as one.
    throw failure ?? error;
  }
}

/** Null for a packed data set that is sound, undefined for what does not begin as one, else what is wrong with it. */
async function whyNotPacked(path: string, { signal, onProgress }: PackOptions): Promise<Failure | null | undefined> {
  try {
    const dataset = await openDataset(path);
    try {
      await verifyDataset(dataset, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
      return null;
    } finally {
      await dataset.close();
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.where === 'byte 0' ? undefined : error;
  }
}
