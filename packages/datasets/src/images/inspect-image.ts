import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import { imageFormat } from './image-format.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { withReason } from './with-reason.ts';

/**
 * Checks that an image is safe to decode and does decode: its size and format, its dimensions from the header alone,
 * then every pixel at an eighth of the size (which still reads all the data).
 * @returns its format, as the usual file ending
 * @throws DATASET_IMAGE_EMPTY, _FORMAT, _TOO_LARGE, _UNREADABLE; `where` names the image
 */
export async function inspectImage(bytes: Buffer, name: string): Promise<string> {
  const format = checkHeader(bytes, name);
  try {
    const { width, height } = await withReason(() =>
      sharp(bytes, { ...UNTRUSTED, limitInputPixels: false }).metadata(),
    );
    if (width * height > LIMITS.imagePixels) {
      throw new Failure('DATASET_IMAGE_TOO_LARGE', `the image is ${width} x ${height} pixels`, {
        where: name,
        fix: `at most ${LIMITS.imagePixels / 1e6} million pixels`,
      });
    }
    const side = (length: number): number => Math.max(1, Math.round(length / 8));
    await withReason(() =>
      sharp(bytes, UNTRUSTED).resize(side(width), side(height), { fit: 'fill', kernel: 'nearest' }).raw().toBuffer(),
    );
  } catch (error) {
    throw unreadable(error, name);
  }
  return format;
}

/** The checks that need no decoder. */
export function checkHeader(bytes: Uint8Array, name: string): string {
  if (bytes.length === 0) {
    throw new Failure('DATASET_IMAGE_EMPTY', 'the file has 0 bytes', { where: name, fix: 'copy the file again' });
  }
  if (bytes.length > LIMITS.imageBytes) {
    throw new Failure('DATASET_IMAGE_TOO_LARGE', `the file has ${bytes.length} bytes`, {
      where: name,
      fix: `at most ${LIMITS.imageBytes} bytes`,
    });
  }
  const format = imageFormat(bytes);
  if (format !== undefined) return format;
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new Failure('DATASET_IMAGE_FORMAT', `no image of a known format: the file begins with ${start}`, {
    where: name,
    fix: 'convert it to PNG, JPEG, WebP, GIF, TIFF or AVIF',
  });
}

/** A decoder's error as a Failure that names the image. */
export function unreadable(error: unknown, name: string): Failure {
  if (error instanceof Failure) return error;
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  if (reason.includes('exceeds pixel limit')) {
    const fix = `at most ${LIMITS.imagePixels / 1e6} million pixels`;
    return new Failure('DATASET_IMAGE_TOO_LARGE', 'the image has too many pixels', { where: name, fix, cause: error });
  }
  return new Failure('DATASET_IMAGE_UNREADABLE', `the image does not decode: ${reason.slice(0, 200)}`, {
    where: name,
    fix: 'copy the file again, or remove its row from the manifest',
    cause: error,
  });
}
