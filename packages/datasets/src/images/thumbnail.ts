import { plainImage } from './plain-image.ts';
import type { Preprocess } from './preprocess.ts';
import { sharp, UNTRUSTED } from './sharp.ts';

const QUALITY = 72;

/**
 * A picture to look at, as a JPEG of at most `size` pixels either way, however it came; never larger than it is.
 * @throws DATASET_IMAGE_*; `where` is `name`
 */
export async function thumbnail(bytes: Buffer, preprocess: Preprocess, name: string, size: number): Promise<Buffer> {
  const { bytes: plain } = await plainImage(bytes, preprocess, name);
  return sharp(plain, UNTRUSTED)
    .autoOrient()
    .resize(size, size, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
