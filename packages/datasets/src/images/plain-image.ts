import { decodePicture } from './decode-picture.ts';
import { imageFormat } from './image-format.ts';
import { readImageHeader } from './image-header.ts';
import { hasAlpha, type Preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';
import { unreadable } from './checks.ts';

/** A picture that whoever reads JPEG and PNG of 8 bits reads as the product does. */
export interface PlainImage {
  readonly bytes: Buffer;
  readonly format: 'jpeg' | 'png';
}

/**
 * The file as it is where it is a JPEG or PNG of 8 bits, grey or in colour; any other as a PNG of the pixels that it is decoded to, turned
 * and laid on a ground as the preprocessing says.
 * @throws DATASET_IMAGE_*; `where` is `name`
 */
export async function plainImage(bytes: Buffer, preprocess: Preprocess, name: string): Promise<PlainImage> {
  const header = await readImageHeader(bytes, name);
  const format = imageFormat(bytes);
  try {
    if (header.depth === 'uchar' && (format === 'jpeg' || format === 'png')) {
      const { space } = await sharp(bytes).metadata();
      if (space !== 'cmyk') return { bytes, format };
    }
    const { data, alpha, width, height, bands } = await decodePicture(bytes, header, preprocess);
    const channels = hasAlpha(preprocess) ? 4 : bands === 3 ? 3 : 1;
    const pixels =
      channels === bands
        ? data
        : Uint8Array.from({ length: width * height * 4 }, (_, i) => {
            const [pixel, band] = [Math.floor(i / 4), i % 4];
            return band === 3 ? (alpha?.[pixel] ?? 255) : data[pixel * bands + (bands === 3 ? band : 0)]!;
          });
    const picture = sharp(pixels, { raw: { width, height, channels } });
    if (channels === 1) picture.toColourspace('b-w');
    return { bytes: await picture.png().toBuffer(), format: 'png' };
  } catch (error) {
    throw unreadable(error, name);
  }
}
