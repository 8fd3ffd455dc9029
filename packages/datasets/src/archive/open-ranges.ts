import { createHash } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { INDEX_ENTRY, invalid, type PackedImage, parseIndex } from './dataset-index.ts';
import { nextEntry, readTarHeader, TAR_BLOCK } from './tar-header.ts';

/** Bytes `from` up to but not including `to` of an archive that lies elsewhere. */
export type ReadBytes = (from: number, to: number) => Promise<Buffer>;

/** A packed data set of which a few images are wanted. */
export interface RemoteDataset {
  readonly manifest: Manifest;
  /** The file bytes of image `i`, from 0, with the sum that the index names. */
  read(i: number): Promise<Buffer>;
}

/**
 * Opens a packed data set by its index alone: where images lie follows from it. The rest of the archive is not looked at.
 * @throws DATASET_ARCHIVE_INVALID; `where` names the entry
 */
export async function openRanges(bytes: ReadBytes): Promise<RemoteDataset> {
  const header = readTarHeader(await bytes(0, TAR_BLOCK));
  if (header?.name !== INDEX_ENTRY || header.bytes > LIMITS.manifestBytes) {
    throw invalid(`the first entry is no ${INDEX_ENTRY} of a packed data set`, 'byte 0');
  }
  const { manifest, images } = parseIndex(await bytes(TAR_BLOCK, TAR_BLOCK + header.bytes));
  const offsets = imageOffsets(header.bytes, images);
  return {
    manifest,
    async read(i) {
      const image = images[i];
      if (!image) throw new Failure('DATASET_OPTION_INVALID', `there is no image ${i}`, { where: 'image index' });
      const found = await bytes(offsets[i]!, offsets[i]! + image.bytes);
      const sum = createHash('sha256').update(found).digest('hex');
      if (sum !== image.sha256) throw invalid(`${image.path} has not the sum that the index names`, image.path);
      return found;
    },
  };
}

/** Where the contents of each image begin in the archive of an index of so many bytes: it is written in one way alone. */
export function imageOffsets(indexBytes: number, images: readonly Pick<PackedImage, 'bytes'>[]): Float64Array {
  let at = nextEntry(TAR_BLOCK, indexBytes);
  return Float64Array.from(images, ({ bytes }) => {
    const offset = at + TAR_BLOCK;
    at = nextEntry(offset, bytes);
    return offset;
  });
}
