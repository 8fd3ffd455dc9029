import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type DatasetIndex, imageEntry, INDEX_ENTRY, invalid, type PackedImage, parseIndex } from './dataset-index.ts';
import { nextEntry, readTarHeader, TAR_BLOCK } from './tar-header.ts';

/** A packed data set, open for reading. */
export interface Dataset {
  readonly manifest: Manifest;
  readonly images: readonly PackedImage[];
  /** kneepoint.json as it stands in the archive; parseIndex reads it without the images. */
  readonly index: Buffer;
  /** The file bytes of image `i`, from 0. Reads may overlap. */
  read(i: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens a packed data set and checks that the archive is exactly its index and the images that the index names.
 * Contents of images are not read; verifyDataset does that.
 * @throws DATASET_ARCHIVE_INVALID; `where` names the entry or byte
 */
export async function openDataset(path: string): Promise<Dataset> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw invalid('the archive cannot be opened', path, error);
  });
  try {
    const { size } = await file.stat();
    const header = await headerAt(file, 0, size);
    if (header.name !== INDEX_ENTRY)
      throw invalid(`the first entry is ${JSON.stringify(header.name)}, not ${INDEX_ENTRY}`, 'byte 0');
    if (header.bytes > LIMITS.manifestBytes) throw invalid(`the index has ${header.bytes} bytes`, INDEX_ENTRY);
    const bytes = await readAt(file, TAR_BLOCK, header.bytes);
    const index = parseIndex(bytes);
    const offsets = await locateImages(file, size, nextEntry(TAR_BLOCK, header.bytes), index);
    return {
      manifest: index.manifest,
      images: index.images,
      index: bytes,
      read: (i) => readImage(file, offsets, index, i),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function locateImages(
  file: FileHandle,
  size: number,
  start: number,
  { images }: DatasetIndex,
): Promise<Float64Array> {
  const offsets = new Float64Array(images.length);
  let at = start;
  for (const [i, image] of images.entries()) {
    const header = await headerAt(file, at, size);
    const name = imageEntry(i, image.format);
    if (header.name !== name)
      throw invalid(`entry ${JSON.stringify(header.name)} stands where the index names ${name}`, `byte ${at}`);
    if (header.bytes !== image.bytes)
      throw invalid(`${name} has ${header.bytes} bytes, the index says ${image.bytes}`, name);
    offsets[i] = at + TAR_BLOCK;
    at = nextEntry(at + TAR_BLOCK, image.bytes);
  }
  const end = at + 2 * TAR_BLOCK;
  if (size !== end) throw invalid(`the archive has ${size} bytes, its index accounts for ${end}`, `byte ${at}`);
  return offsets;
}

async function headerAt(file: FileHandle, at: number, size: number): Promise<{ name: string; bytes: number }> {
  if (at + TAR_BLOCK > size) throw invalid(`the archive ends after ${size} bytes, within an entry`, `byte ${at}`);
  const header = readTarHeader(await readAt(file, at, TAR_BLOCK));
  if (header === undefined) throw invalid('there is no header of a plain file', `byte ${at}`);
  if (at + TAR_BLOCK + header.bytes > size) throw invalid(`${JSON.stringify(header.name)} is cut off`, `byte ${at}`);
  return header;
}

async function readImage(file: FileHandle, offsets: Float64Array, index: DatasetIndex, i: number): Promise<Buffer> {
  const offset = offsets[i];
  const image = index.images[i];
  if (offset === undefined || image === undefined) {
    throw new Failure('DATASET_OPTION_INVALID', `there is no image ${i}`, {
      where: 'image index',
      fix: `0 to ${offsets.length - 1}`,
    });
  }
  return readAt(file, offset, image.bytes);
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, offset + done);
    if (bytesRead === 0) throw invalid('the archive is cut off', `byte ${offset + done}`);
    done += bytesRead;
  }
  return buffer;
}
