import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import { imageFormat } from './image-format.ts';
import { NotRead } from './readers/reader.ts';

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
    fix: 'convert it to PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP, PGM, PPM, JPEG 2000 or DICOM',
  });
}

/** A decoder's error as a Failure that names the image. */
export function unreadable(error: unknown, name: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof NotRead) {
    const { message, fix } = error;
    return new Failure('DATASET_IMAGE_FORMAT', message, { where: name, fix, cause: error });
  }
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  if (reason.includes('exceeds pixel limit')) {
    const fix = `at most ${LIMITS.imagePixels / 1e6} million pixels`;
    return new Failure('DATASET_IMAGE_TOO_LARGE', 'the image has too many pixels', { where: name, fix, cause: error });
  }
  if (reason.includes('exceeds channel limit')) {
    const fix = `at most ${LIMITS.imageBands}`;
    return new Failure('DATASET_IMAGE_TOO_LARGE', 'the image has too many values a pixel', {
      where: name,
      fix,
      cause: error,
    });
  }
  return new Failure('DATASET_IMAGE_UNREADABLE', `the image does not decode: ${reason.slice(0, 200)}`, {
    where: name,
    fix: 'copy the file again, or remove its row from the manifest',
    cause: error,
  });
}

/** Throws DATASET_IMAGE_TOO_LARGE. */
export function checkArea({ width, height }: { readonly width: number; readonly height: number }, name: string): void {
  if (width * height <= LIMITS.imagePixels) return;
  throw new Failure('DATASET_IMAGE_TOO_LARGE', `the image is ${width} x ${height} pixels`, {
    where: name,
    fix: `at most ${LIMITS.imagePixels / 1e6} million pixels`,
  });
}

/** Bytes of a value by libvips's name of its type. */
const VALUE_BYTES: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  double: 8,
  complex: 8,
  dpcomplex: 16,
};

/** What a decoder would fill, by the header alone. Throws DATASET_IMAGE_TOO_LARGE. */
export function checkDecoded(
  {
    width,
    height,
    channels,
    depth,
  }: Readonly<Record<'width' | 'height' | 'channels', number>> & { readonly depth: string },
  name: string,
): void {
  checkArea({ width, height }, name);
  const bytes = width * height * channels * (VALUE_BYTES[depth] ?? 4);
  if (bytes <= LIMITS.decodedBytes) return;
  throw new Failure('DATASET_IMAGE_TOO_LARGE', `the image takes ${bytes} bytes when it is decoded`, {
    where: name,
    fix: `at most ${LIMITS.decodedBytes} bytes`,
  });
}
