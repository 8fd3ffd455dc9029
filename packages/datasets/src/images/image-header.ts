import type { ImageHeader } from './header.ts';
import type { Metadata } from 'sharp';
import { checkArea, checkDecoded, checkHeader, unreadable } from './checks.ts';
import { readerOf } from './readers/readers.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { withReason } from './with-reason.ts';

/**
 * @throws DATASET_IMAGE_*; `where` is `name`
 */
export async function readImageHeader(bytes: Buffer, name: string): Promise<ImageHeader> {
  checkHeader(bytes, name);
  try {
    const own = readerOf(bytes)?.header(bytes);
    if (own) {
      checkArea(own, name);
      return own;
    }
    const metadata = await withReason(() => sharp(bytes, UNTRUSTED).metadata());
    checkDecoded(metadata, name);
    return headerOf(metadata);
  } catch (error) {
    throw unreadable(error, name);
  }
}

export function headerOf({ width, height, format, space, depth }: Metadata): ImageHeader {
  // Only these are written with fewer bits than they have room for; libvips widens the others itself.
  const asItLies = format === 'png' || format === 'tiff';
  const grey = space === 'b-w' || space === 'grey16';
  if (depth === 'uchar' || !asItLies) return { width, height, grey, depth: 'uchar', linear: false };
  return { width, height, grey, depth: depth === 'ushort' ? 'ushort' : 'float', linear: space === 'scrgb' };
}
