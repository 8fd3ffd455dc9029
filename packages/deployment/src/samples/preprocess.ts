/**
 * How a picture becomes the network's input, as its preprocessing says. Needs sharp, which decodes; what follows is done here, since
 * libraries differ in how they resize: with `antialias` these are Pillow's pixels to the bit, with `plain` OpenCV's within one level.
 */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

export interface Preprocess {
  readonly channels: 'rgb' | 'bgr' | 'grey' | 'rgba' | 'bgra';
  readonly range: readonly [number, number];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly fit?: string;
  readonly shortSide?: number;
  readonly cropShare?: number;
  readonly background?: readonly number[];
  readonly place?: 'centre' | 'top-left';
  readonly resize?: 'antialias' | 'plain';
  readonly kernel?: 'nearest' | 'linear' | 'cubic' | 'area';
  readonly exif?: boolean;
  readonly icc?: boolean;
  readonly alpha?: 'black' | 'white' | 'ignore';
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Channels × height × width. */
export async function readPlanes(
  path: string,
  settings: Preprocess,
  size: Size,
  channels: number,
): Promise<Float32Array> {
  const { pixels, width, height, bands } = await decode(path, settings);
  const { columns, rows, left, top } = placed(width, height, settings, size);
  const resized = resample(pixels, width, height, bands, columns, rows, settings);
  const wide = columns.to - columns.from;
  const canvas = new Uint8Array(size.width * size.height * bands);
  const background = [...(settings.background ?? [0, 0, 0]), 255];
  canvas.forEach((_, i) => (canvas[i] = background[i % bands]!));
  for (let y = 0; y < rows.to - rows.from; y++) {
    canvas.set(resized.subarray(y * wide * bands, (y + 1) * wide * bands), ((top + y) * size.width + left) * bands);
  }
  return planesOf(canvas, bands, settings, size, channels);
}

/** Red, green and blue, and how opaque a pixel is where the network takes that. */
async function decode(path: string, { channels, exif = true, icc = false, alpha = 'black' }: Preprocess) {
  const bytes = await readFile(path);
  const { depth, space, format } = await sharp(bytes).metadata();
  if (space === 'cmyk' || (depth !== 'uchar' && (format === 'png' || format === 'tiff'))) {
    throw new Error(
      `${path}: pictures are read that have 8 bits and are grey or in colour; this is ${depth}, ${space}`,
    );
  }
  const image = sharp(bytes, { autoOrient: exif, ignoreIcc: !icc, failOn: 'error' });
  const opaque = channels === 'rgba' || channels === 'bgra';
  if (opaque) image.ensureAlpha();
  else if (alpha === 'ignore') image.removeAlpha();
  else image.flatten({ background: alpha === 'white' ? '#fff' : '#000' });
  const grey = space === 'b-w' && !icc && !opaque;
  const { data, info } = await image
    .toColourspace(grey ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  if (info.channels >= 3) return { pixels: new Uint8Array(data), width, height, bands: info.channels };
  return {
    pixels: Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!),
    width,
    height,
    bands: 3,
  };
}

/** Pixels `from` to `to` of an axis of `source` pixels that is resized to `target`. */
interface Stretch {
  readonly source: number;
  readonly target: number;
  readonly from: number;
  readonly to: number;
}

/** Which part of the resized picture is drawn, and where it begins in the input. */
function placed(width: number, height: number, settings: Preprocess, size: Size) {
  const fit = settings.fit ?? 'stretch';
  const crop = fit === 'crop' || fit === 'cover';
  const letterbox = fit === 'letterbox' || fit === 'contain';
  let [wide, high] = [size.width, size.height];
  if (crop) {
    const grown = (side: number) => Math.floor(side / (settings.cropShare ?? 1) + 1e-6);
    const [least, most] = settings.shortSide === undefined ? [grown(size.width), grown(size.height)] : [0, 0];
    const byWidth = settings.shortSide === undefined ? least * height >= most * width : width <= height;
    const fixed = settings.shortSide ?? (byWidth ? least : most);
    const long = Math.max(1, Math.floor((fixed * (byWidth ? height : width)) / (byWidth ? width : height)));
    [wide, high] = byWidth ? [fixed, long] : [long, fixed];
  } else if (letterbox) {
    const scale = Math.min(size.width / width, size.height / height);
    wide = Math.min(size.width, Math.max(1, Math.round(width * scale)));
    high = Math.min(size.height, Math.max(1, Math.round(height * scale)));
  }
  const corner = letterbox && settings.place === 'top-left';
  const across = overlap(width, wide, size.width, corner);
  const down = overlap(height, high, size.height, corner);
  return { columns: across.stretch, rows: down.stretch, left: across.offset, top: down.offset };
}

function overlap(source: number, target: number, wanted: number, corner: boolean) {
  if (target > wanted) {
    const from = halfToEven((target - wanted) / 2);
    return { stretch: { source, target, from, to: from + wanted }, offset: 0 };
  }
  return { stretch: { source, target, from: 0, to: target }, offset: corner ? 0 : Math.floor((wanted - target) / 2) };
}

function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** Along rows, then along columns, in fixed point. */
function resample(
  pixels: Uint8Array,
  width: number,
  height: number,
  bands: number,
  columns: Stretch,
  rows: Stretch,
  { kernel = 'linear', resize = 'antialias' }: Preprocess,
): Uint8Array {
  // Pillow rounds to 8 bits after either pass, the others keep 6 more bits between them.
  const twice = resize === 'antialias' && kernel !== 'area';
  const [kept, second] = twice ? [0, 22] : [6, 16];
  const across = axisOf(columns, kernel, resize === 'plain', 22);
  const down = axisOf(rows, kernel, resize === 'plain', second);
  const wide = across.length;
  const between = new Int32Array(height * wide * bands);
  for (let y = 0; y < height; y++) {
    across.forEach(({ start, weights }, x) => {
      for (let band = 0; band < bands; band++) {
        let sum = 2 ** (21 - kept);
        weights.forEach((weight, tap) => (sum += weight * pixels[(y * width + start + tap) * bands + band]!));
        const value = Math.floor(sum / 2 ** (22 - kept));
        between[(y * wide + x) * bands + band] = twice ? clamp(value) : value;
      }
    });
  }
  const out = new Uint8Array(down.length * wide * bands);
  const shift = second + kept;
  down.forEach(({ start, weights }, y) => {
    for (let x = 0; x < wide * bands; x++) {
      let sum = 2 ** (shift - 1);
      weights.forEach((weight, tap) => (sum += weight * between[(start + tap) * wide * bands + x]!));
      out[y * wide * bands + x] = clamp(Math.floor(sum / 2 ** shift));
    }
  });
  return out;
}

const clamp = (value: number) => Math.min(255, Math.max(0, value));

interface Window {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Which pixels make each wanted one. The centre of pixel i lies at i + 0.5 on either grid. */
function axisOf(stretch: Stretch, kernel: string, plain: boolean, bits: number): Window[] {
  const { source, target, from, to } = stretch;
  const scale = source / target;
  const windows: Window[] = [];
  // Added up pixel by pixel: where a centre falls between two pixels, the rounding of that sum decides.
  let centre = scale / 2;
  for (let i = 0; i < to; i++, centre += scale) {
    if (i < from) continue;
    const { start, weights } =
      kernel === 'nearest'
        ? { start: Math.min(source - 1, Math.floor(centre)), weights: [1] }
        : kernel === 'area'
          ? covered(i, scale, source)
          : plain
            ? neighbours(i, scale, source, kernel)
            : widened(i, scale, source, kernel);
    let sum = 0;
    for (const weight of weights) sum += weight;
    const fixed = weights.map((weight) => {
      const value = (weight / sum) * 2 ** bits;
      return Math.trunc(value + (value < 0 ? -0.5 : 0.5));
    });
    windows.push({ start, weights: fixed });
  }
  return windows;
}

function covered(i: number, scale: number, source: number): Window {
  const [begin, end] = [i * scale, (i + 1) * scale];
  const start = Math.min(source - 1, Math.floor(begin));
  const last = Math.max(start + 1, Math.min(source, Math.ceil(end)));
  const weights = Array.from({ length: last - start }, (_, k) =>
    Math.max(0, Math.min(end, start + k + 1) - Math.max(begin, start + k)),
  );
  return { start, weights };
}

function widened(i: number, scale: number, source: number, kernel: string): Window {
  const wide = Math.max(1, scale);
  const reach = (kernel === 'cubic' ? 2 : 1) * wide;
  const centre = (i + 0.5) * scale;
  const start = Math.max(0, Math.trunc(centre - reach + 0.5));
  const end = Math.min(source, Math.trunc(centre + reach + 0.5));
  const weights = Array.from({ length: end - start }, (_, k) =>
    filter((start + k - centre + 0.5) * (1 / wide), kernel, -0.5),
  );
  return { start, weights };
}

function neighbours(i: number, scale: number, source: number, kernel: string): Window {
  const support = kernel === 'cubic' ? 2 : 1;
  const centre = (i + 0.5) * scale - 0.5;
  const left = Math.floor(centre) - support + 1;
  const inside = (at: number) => Math.min(source - 1, Math.max(0, at));
  const start = inside(left);
  const weights = new Array<number>(inside(left + 2 * support - 1) - start + 1).fill(0);
  for (let k = 0; k < 2 * support; k++) weights[inside(left + k) - start]! += filter(left + k - centre, kernel, -0.75);
  return { start, weights };
}

function filter(distance: number, kernel: string, a: number): number {
  const x = Math.abs(distance);
  if (kernel === 'linear') return Math.max(0, 1 - x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** Order of channels, range, (x − mean) / std. */
function planesOf(pixels: Uint8Array, bands: number, settings: Preprocess, size: Size, channels: number): Float32Array {
  const area = size.width * size.height;
  const out = new Float32Array(channels * area);
  const scale = settings.range[1] === 1 ? 1 / 255 : 1;
  const reversed = settings.channels.startsWith('bgr');
  for (let plane = 0; plane < channels; plane++) {
    const mean = settings.mean[settings.mean.length === 1 ? 0 : plane]!;
    const std = settings.std[settings.std.length === 1 ? 0 : plane]!;
    const band = reversed && plane < 3 ? 2 - plane : plane;
    for (let i = 0; i < area; i++) {
      const at = i * bands;
      const value =
        settings.channels === 'grey'
          ? 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!
          : pixels[at + band]!;
      out[plane * area + i] = (value * scale - mean) / std;
    }
  }
  return out;
}
