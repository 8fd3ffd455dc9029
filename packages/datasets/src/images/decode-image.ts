import { checkHeader, unreadable } from './inspect-image.ts';
import { checkChannels, type InputSize } from './input-size.ts';
import type { Preprocess } from './preprocess.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { withReason } from './with-reason.ts';

/** ITU-R BT.601 luma, as PIL's mode L and OpenCV use it. A grey picture stays exactly what it was. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Decodes one image into `out` at `offset` as C × H × W float32, preprocessed. EXIF orientation is applied, transparency
 * lies on black, 16 bits become 8, an animation gives its first frame, resizing is linear with antialiasing.
 * @throws DATASET_IMAGE_*, PREPROCESS_CHANNELS; `where` is `name`
 */
export async function decodeImage(
  bytes: Buffer,
  preprocess: Preprocess,
  size: InputSize,
  out: Float32Array,
  offset: number,
  name = 'image',
): Promise<void> {
  checkChannels(size.channels, preprocess);
  const pixels = await decodePixels(bytes, preprocess, size, name);
  toPlanes(pixels, preprocess, size, out, offset);
}

/** The picture as height × width × RGB, 8 bits: what `toPlanes` and augmentation start from. Throws as `decodeImage` does. */
export async function decodePixels(
  bytes: Buffer,
  preprocess: Preprocess,
  size: InputSize,
  name: string,
): Promise<Uint8Array> {
  checkHeader(bytes, name);
  try {
    return await withReason(() =>
      sharp(bytes, { ...UNTRUSTED, autoOrient: true })
        .flatten({ background: '#000' })
        .toColourspace('srgb')
        .resize(size.width, size.height, { fit: preprocess.fit ?? 'fill', kernel: 'linear', background: '#000' })
        .raw({ depth: 'uchar' })
        .toBuffer(),
    );
  } catch (error) {
    throw unreadable(error, name);
  }
}

/** Height × width × RGB bytes into C × H × W float32 at `offset`: order of channels, range, (x − mean) / std. */
export function toPlanes(
  pixels: Uint8Array,
  preprocess: Preprocess,
  size: InputSize,
  out: Float32Array,
  offset: number,
): void {
  const area = size.height * size.width;
  const scale = preprocess.range[1] === 1 ? 1 / 255 : 1;
  for (let plane = 0; plane < size.channels; plane += 1) {
    const mean = preprocess.mean[preprocess.mean.length === 1 ? 0 : plane] ?? 0;
    const std = preprocess.std[preprocess.std.length === 1 ? 0 : plane] ?? 1;
    const start = offset + plane * area;
    if (preprocess.channels === 'grey') {
      for (let i = 0, at = 0; i < area; i += 1, at += 3) {
        const luma = LUMA[0] * (pixels[at] ?? 0) + LUMA[1] * (pixels[at + 1] ?? 0) + LUMA[2] * (pixels[at + 2] ?? 0);
        out[start + i] = (luma * scale - mean) / std;
      }
    } else {
      const table = Float32Array.from({ length: 256 }, (_, value) => (value * scale - mean) / std);
      const band = preprocess.channels === 'bgr' ? 2 - plane : plane;
      for (let i = 0, at = band; i < area; i += 1, at += 3) out[start + i] = table[pixels[at] ?? 0] ?? 0;
    }
  }
}
