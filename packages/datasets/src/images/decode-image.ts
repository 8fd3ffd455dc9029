import { unreadable } from './checks.ts';
import { decodePicture } from './decode-picture.ts';
import { Budget } from './decode-budget.ts';
import { readImageHeader } from './image-header.ts';
import { type ImageHeader } from './header.ts';
import { checkChannels, type InputSize } from './input-size.ts';
import { place } from './place.ts';
import { hasAlpha, type Preprocess } from './preprocess.ts';
import { type Picture, resample } from './resample/resample.ts';

/** ITU-R BT.601 luma, as PIL's mode L and OpenCV use it. A grey picture stays exactly what it was. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** Bytes of pictures in their own size that may be decoded ahead of their resizing. */
const BUDGET = new Budget(256 * 2 ** 20);

/**
 * Decodes one image into `out` at `offset` as C × H × W float32, preprocessed. By default EXIF orientation is applied, colour profiles
 * are not, transparency lies on black, 16 bits become 8 by their range, resizing is linear with antialiasing; an animation gives its
 * first frame. `header` is read where it is not given.
 * @throws DATASET_IMAGE_*, PREPROCESS_CHANNELS; `where` is `name`
 */
export async function decodeImage(
  bytes: Buffer,
  preprocess: Preprocess,
  size: InputSize,
  out: Float32Array,
  offset: number,
  name = 'image',
  header?: ImageHeader,
): Promise<void> {
  checkChannels(size.channels, preprocess);
  const pixels = await decodePixels(bytes, preprocess, size, name, header);
  toPlanes(pixels, preprocess, size, out, offset);
}

/** Bytes of a pixel: red, green and blue, and how opaque it is where that is a channel. */
export function pixelBands(preprocess: Pick<Preprocess, 'channels'>): 3 | 4 {
  return hasAlpha(preprocess) ? 4 : 3;
}

/** The picture as height × width × RGB, or RGBA (see `pixelBands`), 8 bits: what `toPlanes` and augmentation start from. Throws as `decodeImage` does. */
export async function decodePixels(
  bytes: Buffer,
  preprocess: Preprocess,
  size: Pick<InputSize, 'width' | 'height'>,
  name: string,
  known?: ImageHeader,
): Promise<Uint8Array> {
  // Asked for only where it is missing: whoever has it gets the decoder to work before this thread does anything else.
  const header = known ?? (await readImageHeader(bytes, name));
  const { kernel = 'linear', resize: resampling = 'antialias' } = preprocess;
  return BUDGET.within(decodedBytes(header), async () => {
    const picture = await decodePicture(bytes, header, preprocess).catch((error: unknown) => {
      throw unreadable(error, name);
    });
    const { columns, rows, left, top } = place(picture.width, picture.height, preprocess, size);
    const options = { columns, rows, kernel, resampling };
    const pixels = onCanvas(resample(picture, options), left, top, preprocess, size);
    if (!picture.alpha) return pixels;
    const alpha = resample({ ...picture, data: picture.alpha, bands: 1 }, options);
    // Around a picture that does not fill the input the background is opaque.
    const around = { background: [255, 255, 255] as [number, number, number] };
    return withAlpha(pixels, onCanvas(alpha, left, top, around, size));
  });
}

/** Until it is resized: as it is decoded, and as bytes where those are not the same. */
function decodedBytes({ width, height, grey, depth }: ImageHeader): number {
  return width * height * (grey ? 1 : 3) * { uchar: 1, ushort: 3, float: 5 }[depth];
}

/** As RGB, with the background where the picture does not reach. */
function onCanvas(
  { data, width, height, bands }: Picture,
  left: number,
  top: number,
  { background = [0, 0, 0] }: Pick<Preprocess, 'background'>,
  size: Pick<InputSize, 'width' | 'height'>,
): Uint8Array {
  if (bands === 3 && width === size.width && height === size.height) return data;
  const canvas = new Uint8Array(size.width * size.height * 3);
  if (width !== size.width || height !== size.height) {
    for (let at = 0; at < canvas.length; at += 3) canvas.set(background, at);
  }
  for (let y = 0; y < height; y += 1) {
    let to = ((top + y) * size.width + left) * 3;
    const from = y * width * bands;
    if (bands === 3) canvas.set(data.subarray(from, from + width * 3), to);
    else for (let x = 0; x < width; x += 1, to += 3) canvas[to] = canvas[to + 1] = canvas[to + 2] = data[from + x]!;
  }
  return canvas;
}

/** RGB and what is opaque, as three equal bands, as RGBA. */
function withAlpha(colours: Uint8Array, alpha: Uint8Array): Uint8Array {
  const out = new Uint8Array((colours.length / 3) * 4);
  for (let from = 0, to = 0; from < colours.length; from += 3, to += 4) {
    out[to] = colours[from]!;
    out[to + 1] = colours[from + 1]!;
    out[to + 2] = colours[from + 2]!;
    out[to + 3] = alpha[from]!;
  }
  return out;
}

/** Height × width × RGB or RGBA bytes into C × H × W float32 at `offset`: order of channels, range, (x − mean) / std. */
export function toPlanes(
  pixels: Uint8Array,
  preprocess: Preprocess,
  size: InputSize,
  out: Float32Array,
  offset: number,
): void {
  const area = size.height * size.width;
  const scale = preprocess.range[1] === 1 ? 1 / 255 : 1;
  const bands = pixelBands(preprocess);
  const reversed = preprocess.channels === 'bgr' || preprocess.channels === 'bgra';
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
      const band = reversed && plane < 3 ? 2 - plane : plane;
      for (let i = 0, at = band; i < area; i += 1, at += bands) out[start + i] = table[pixels[at] ?? 0] ?? 0;
    }
  }
}
