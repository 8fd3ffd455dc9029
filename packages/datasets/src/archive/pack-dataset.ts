import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';
import { inspectImage } from '../images/inspect-image.ts';
import { LIMITS } from '../limits.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type FolderContents, type FolderOptions, readFolder } from '../manifest/read-folder.ts';
import { mapLimited } from '../map-limited.ts';
import { Problems } from '../problems.ts';
import type { OnProgress } from '../progress.ts';
import { encodeIndex, imageEntry, INDEX_ENTRY, type PackedImage } from './dataset-index.ts';
import { writeTar } from './write-tar.ts';

export interface PackOptions extends FolderOptions {
  /** Where the archive goes; replaced as a whole once it is complete, untouched otherwise. */
  readonly out: string;
  readonly onProgress?: OnProgress;
}

export interface PackedDataset {
  readonly sha256: string;
  readonly bytes: number;
  readonly images: number;
  readonly tasks: readonly TaskSpec[];
  readonly manifest: Manifest;
  /** kneepoint.json as it stands in the archive. */
  readonly index: Buffer;
}

/**
 * Packs a folder into one archive: kneepoint.json, then the images in the order of the manifest. The same folder
 * gives the same bytes. Every image is decoded first, and every problem reported at once.
 * @throws DATASET_* (as readManifest), DATASET_CHANGED, DATASET_NOT_WRITABLE, the signal's reason
 */
export async function packDataset(folder: string, options: PackOptions): Promise<PackedDataset> {
  const contents = await readFolder(folder, options);
  const images = await inspectAll(folder, contents, options);
  const index = encodeIndex(contents.table, contents.drafts, contents.manifest, images);
  async function* entries(): AsyncGenerator<{ name: string; contents: Buffer }> {
    yield { name: INDEX_ENTRY, contents: index };
    for (const [i, image] of images.entries()) {
      const bytes = await readFile(join(folder, image.path));
      if (sha256Of(bytes) !== image.sha256) {
        throw new Failure('DATASET_CHANGED', 'the image changed while it was being packed', {
          where: image.path,
          fix: 'import the folder again when nothing writes to it',
        });
      }
      yield { name: imageEntry(i, image.format), contents: bytes };
    }
  }
  const written = await writeTar(options.out, entries(), options.signal);
  const { manifest } = contents;
  return { ...written, images: images.length, tasks: manifest.tasks, manifest, index };
}

async function inspectAll(
  folder: string,
  { manifest, table }: FolderContents,
  options: PackOptions,
): Promise<PackedImage[]> {
  const problems = new Problems();
  const images = new Array<PackedImage>(manifest.images.length);
  let done = 0;
  const inspect = async (i: number): Promise<void> => {
    const path = manifest.images[i] ?? '';
    try {
      const bytes = await readImageFile(join(folder, path), path);
      images[i] = { path, format: await inspectImage(bytes, path), bytes: bytes.length, sha256: sha256Of(bytes) };
    } catch (error) {
      const { code, message, fix } = Failure.from(error);
      if (code === 'INTERNAL') throw error;
      const line = table.rows[i]?.line ?? 0;
      problems.add({
        code,
        file: table.file,
        line,
        message: `image ${JSON.stringify(path)}: ${message}`,
        fix: fix ?? '',
      });
    }
    done += 1;
    options.onProgress?.({ done, total: images.length, unit: 'images' });
  };
  // A decoded picture of the largest size takes 200 MB: few at once.
  await mapLimited(images.length, Math.min(4, availableParallelism()), inspect, options.signal);
  problems.throwIfAny();
  return images;
}

async function readImageFile(path: string, name: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= LIMITS.imageBytes) return readFile(path);
  throw new Failure('DATASET_IMAGE_TOO_LARGE', `the file has ${size} bytes`, {
    where: name,
    fix: `at most ${LIMITS.imageBytes} bytes`,
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
