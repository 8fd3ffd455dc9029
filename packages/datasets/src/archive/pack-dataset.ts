import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';
import { inspectImage } from '../images/inspect-image.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type FolderContents, type FolderOptions, readFolder } from '../manifest/read-folder.ts';
import { mapLimited } from '../map-limited.ts';
import { Problems } from '../problems.ts';
import type { OnProgress } from '../progress.ts';
import { encodeIndex, imageEntry, INDEX_ENTRY, type PackedImage } from './dataset-index.ts';
import { readImageFile } from './read-image-file.ts';
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
  const { contents, images } = await usable(folder, await readFolder(folder, options), options);
  const index = encodeIndex(contents.table, contents.drafts, contents.manifest, images);
  async function* entries(): AsyncGenerator<{ name: string; contents: Buffer }> {
    yield { name: INDEX_ENTRY, contents: index };
    for (const [i, image] of images.entries()) {
      const bytes = await (contents.table.rows[i]?.read?.() ?? readFile(join(folder, image.path)));
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

/**
 * The images that are packed: what does not decode is refused or left out, and of images with the same bytes the first stays.
 * What was left out is among the notes.
 */
async function usable(
  folder: string,
  contents: FolderContents,
  options: PackOptions,
): Promise<{ readonly contents: FolderContents; readonly images: readonly PackedImage[] }> {
  const { skipped } = contents;
  const { images: inspected, readings } = await inspectAll(folder, contents, options);
  const left = new Set<number>();
  const first = new Map<string, number>();
  inspected.forEach((image, row) => {
    const earlier = image === undefined ? undefined : first.get(image.sha256);
    if (image === undefined) left.add(row);
    else if (earlier === undefined) first.set(image.sha256, row);
    else {
      left.add(row);
      const same = sameLabels(contents, earlier, row);
      skipped.malformed(`an image whose bytes came before${same ? '' : ' under other labels'}`, image.path);
    }
  });
  if (options.strict) skipped.refuse(folder);
  const rest = left.size === 0 ? contents : contents.without(left);
  const manifest = {
    ...rest.manifest,
    notes: [...rest.manifest.notes, ...skipped.notes, ...depthNotes(readings, left)],
  };
  const images = inspected.filter((image, row): image is PackedImage => image !== undefined && !left.has(row));
  return { contents: { ...rest, manifest }, images };
}

function sameLabels({ table, drafts }: FolderContents, a: number, b: number): boolean {
  return drafts
    .flatMap(({ columns }) => columns.map((column) => table.columns.indexOf(column)))
    .every((i) => table.rows[a]!.cells[i] === table.rows[b]!.cells[i]);
}

/** How pictures of other than 8 bits are read, a line for each way; `left` are no part of the set. */
function depthNotes(readings: readonly (string | undefined)[], left: ReadonlySet<number>): string[] {
  const counts = new Map<string, number>();
  readings.forEach((reading, row) => {
    if (reading !== undefined && !left.has(row)) counts.set(reading, (counts.get(reading) ?? 0) + 1);
  });
  const all = readings.length - left.size;
  const notes = [...counts].sort().map(([reading, count]) => `${count} of ${all} pictures have ${reading}`);
  const scales = [...counts.keys()].filter((reading) => reading.startsWith('16 bits'));
  return scales.length < 2
    ? notes
    : [...notes, 'pictures of 16 bits are scaled unalike: "depth" in the preprocessing says how many bits all use'];
}

/** By row; undefined for images that do not decode, where those are left out. */
async function inspectAll(
  folder: string,
  { manifest, table, skipped, lenient }: FolderContents,
  options: PackOptions,
): Promise<{
  readonly images: readonly (PackedImage | undefined)[];
  /** By row: how its values become 8 bits, where that is not plain. */
  readonly readings: readonly (string | undefined)[];
}> {
  const problems = new Problems();
  const images = new Array<PackedImage | undefined>(manifest.images.length).fill(undefined);
  const readings = new Array<string | undefined>(images.length).fill(undefined);
  const wrong: { readonly row: number; readonly failure: Failure }[] = [];
  let done = 0;
  const inspect = async (i: number): Promise<void> => {
    const path = manifest.images[i] ?? '';
    try {
      const bytes = await (table.rows[i]?.read?.() ?? readImageFile(join(folder, path), path));
      const { format, reading } = await inspectImage(bytes, path);
      images[i] = { path, format, bytes: bytes.length, sha256: sha256Of(bytes) };
      readings[i] = reading;
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.code === 'INTERNAL') throw error;
      wrong.push({ row: i, failure });
    }
    done += 1;
    options.onProgress?.({ done, total: images.length, unit: 'images' });
  };
  // A decoded picture of the largest size takes 200 MB: few at once.
  await mapLimited(images.length, Math.min(4, availableParallelism()), inspect, options.signal);
  for (const { row, failure } of wrong.sort((a, b) => a.row - b.row)) {
    const path = manifest.images[row] ?? '';
    const { code, message, fix } = failure;
    if (lenient) skipped.malformed(`an image that cannot be read (${code})`, path);
    else {
      const line = table.rows[row]?.line ?? 0;
      const text = `image ${JSON.stringify(path)}: ${message}`;
      problems.add({ code, file: table.file, line, message: text, fix: fix ?? '' });
    }
  }
  problems.throwIfAny();
  return { images, readings };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
