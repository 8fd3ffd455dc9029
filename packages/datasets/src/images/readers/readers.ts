import { bmp } from './bmp.ts';
import { dicom } from './dicom.ts';
import { jpeg2000 } from './jpeg2000.ts';
import { pgm, ppm } from './netpbm.ts';
import type { PictureReader } from './reader.ts';

/** Every format that is read here rather than by sharp. */
const READERS: readonly PictureReader[] = [bmp, pgm, ppm, jpeg2000, dicom];

/** The reader of the format that the first bytes announce. */
export function readerOf(bytes: Uint8Array): PictureReader | undefined {
  return READERS.find((reader) => reader.begins(bytes));
}
