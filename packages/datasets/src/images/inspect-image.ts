import { checkArea, checkDecoded, checkHeader, unreadable } from './checks.ts';
import { decodeValues } from './decode-picture.ts';
import { headerOf } from './image-header.ts';
import { type ImageHeader } from './header.ts';
import { DEFAULT_PREPROCESS } from './preprocess.ts';
import { readerOf } from './readers/readers.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { floatRange, usedBits } from './to-bytes.ts';
import { withReason } from './with-reason.ts';

export interface InspectedImage {
  /** As the usual file ending. */
  readonly format: string;
  /** By what range values become 8 bits, of pictures that have others; completes "12 of 30 pictures have ". */
  readonly reading?: string;
}

/**
 * Checks that an image is safe to decode and does decode: its size and format, its dimensions from the header alone,
 * then every pixel: of 8 bits at an eighth of the size (which still reads all the data), of others as they are.
 * @throws DATASET_IMAGE_EMPTY, _FORMAT, _TOO_LARGE, _UNREADABLE; `where` names the image
 */
export async function inspectImage(bytes: Buffer, name: string): Promise<InspectedImage> {
  const format = checkHeader(bytes, name);
  try {
    const reader = readerOf(bytes);
    if (reader) {
      checkArea(reader.header(bytes), name);
      const { reading } = await reader.read(bytes);
      return { format, ...(reading === undefined ? {} : { reading }) };
    }
    const metadata = await withReason(() => sharp(bytes, { ...UNTRUSTED, limitInputPixels: false }).metadata());
    checkDecoded(metadata, name);
    const header = headerOf(metadata);
    const { width, height } = header;
    if (header.depth !== 'uchar') return { format, reading: await readingOf(bytes, header) };
    const side = (length: number): number => Math.max(1, Math.round(length / 8));
    await withReason(() =>
      sharp(bytes, UNTRUSTED).resize(side(width), side(height), { fit: 'fill', kernel: 'nearest' }).raw().toBuffer(),
    );
  } catch (error) {
    throw unreadable(error, name);
  }
  return { format };
}

/** How 16 bits, or numbers with a point, become 8 bits where nothing is declared. */
async function readingOf(bytes: Buffer, header: ImageHeader): Promise<string> {
  const { values } = await decodeValues(bytes, header, { ...DEFAULT_PREPROCESS, alpha: 'ignore' });
  if (values instanceof Uint16Array) {
    const bits = usedBits(values);
    return `16 bits, ${bits} in use: scaled by ${2 ** bits - 1}`;
  }
  const [from, to] = values instanceof Float32Array ? floatRange(values) : [0, 255];
  return from === 0 && (to === 1 || to === 255)
    ? `numbers from 0 to ${to}: scaled by ${to}`
    : 'numbers of no usual range: each picture scaled from its least to its largest';
}
