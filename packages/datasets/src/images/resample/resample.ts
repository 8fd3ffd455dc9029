import { type Axis, type KernelName, resampleAxis, type Resampling, type Stretch } from './axis.ts';

/** Height × width × bands, 8 bits each. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
}

export interface ResampleOptions {
  readonly kernel: KernelName;
  readonly resampling: Resampling;
  /** Which part of the resized picture is wanted. */
  readonly columns: Stretch;
  readonly rows: Stretch;
}

/** Bits behind the point: of the weights of a pass, and of what the first hands to the second. Pixel × weight stays below 2³¹. */
interface Precision {
  readonly first: number;
  readonly kept: number;
  readonly second: number;
}

/** Pillow rounds each pass to 8 bits, with weights of 22; the other libraries round once, at the end. */
const ROUND_TWICE: Precision = { first: 22, kept: 0, second: 22 };
const ROUND_ONCE: Precision = { first: 22, kept: 6, second: 16 };

/**
 * The wanted part of a picture that is resized: first along its rows, then along its columns, as Pillow does. With `antialias` the
 * result is Pillow's to the bit (linear, cubic, nearest); with `plain` it is within one level of OpenCV and tf.image, which differ
 * from each other by their own rounding.
 */
export function resample(picture: Picture, { columns, rows, kernel, resampling }: ResampleOptions): Picture {
  const { bands } = picture;
  const width = columns.to - columns.from;
  const height = rows.to - rows.from;
  const twice = resampling === 'antialias' && kernel !== 'area';
  const skipsFirst = isWhole(columns) && (twice || isWhole(rows));
  if (skipsFirst && isWhole(rows)) return picture;
  const precision = twice ? ROUND_TWICE : ROUND_ONCE;
  const vertical = resampleAxis(rows, kernel, resampling);
  const { top, bottom } = needed(vertical);
  const stride = picture.width * bands;
  const band = picture.data.subarray(top * stride, bottom * stride);
  const between = skipsFirst
    ? band
    : alongRows(band, picture.width, bands, resampleAxis(columns, kernel, resampling), precision);
  if (twice && isWhole(rows)) return { data: Uint8Array.from(between), width, height, bands };
  return { data: alongColumns(between, width * bands, top, vertical, precision), width, height, bands };
}

function isWhole({ source, target, from, to }: Stretch): boolean {
  return source === target && from === 0 && to === target;
}

/** Rows that any wanted row is made of. */
function needed({ start, count }: Axis): { readonly top: number; readonly bottom: number } {
  let top = Number.POSITIVE_INFINITY;
  let bottom = 0;
  start.forEach((first, i) => {
    top = Math.min(top, first);
    bottom = Math.max(bottom, first + (count[i] ?? 0));
  });
  return { top, bottom };
}

/** Every row of `data` (rows of `width` pixels); with `kept` bits behind the point, or as bytes without. */
function alongRows(
  data: Uint8Array,
  width: number,
  bands: number,
  { start, count, weights, taps }: Axis,
  { first: bits, kept }: Precision,
): Uint8Array | Int32Array {
  const wanted = start.length;
  const rows = data.length / (width * bands);
  const fixed = fixedPoint(weights, bits);
  const shift = bits - kept;
  const half = 2 ** (shift - 1);
  // Stores of a clamped array clamp by themselves, at no cost: what a cubic makes below 0 and above 255.
  const out = kept === 0 ? new Uint8ClampedArray(rows * wanted * bands) : new Int32Array(rows * wanted * bands);
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    const begin = row * width * bands;
    for (let i = 0; i < wanted; i += 1) {
      const least = i * taps;
      const most = least + count[i]!;
      let from = begin + start[i]! * bands;
      if (bands === 3) {
        let red = half;
        let green = half;
        let blue = half;
        for (let tap = least; tap < most; tap += 1, from += 3) {
          const weight = fixed[tap]!;
          red = (red + Math.imul(data[from]!, weight)) | 0;
          green = (green + Math.imul(data[from + 1]!, weight)) | 0;
          blue = (blue + Math.imul(data[from + 2]!, weight)) | 0;
        }
        out[at] = red >> shift;
        out[at + 1] = green >> shift;
        out[at + 2] = blue >> shift;
        at += 3;
      } else {
        let sum = half;
        for (let tap = least; tap < most; tap += 1, from += 1) sum = (sum + Math.imul(data[from]!, fixed[tap]!)) | 0;
        out[at] = sum >> shift;
        at += 1;
      }
    }
  }
  return out instanceof Int32Array ? out : new Uint8Array(out.buffer);
}

/** Every column of `data`, whose first row is row `top` of the picture, as bytes. */
function alongColumns(
  data: Uint8Array | Int32Array,
  stride: number,
  top: number,
  { start, count, weights, taps }: Axis,
  { second: bits, kept }: Precision,
): Uint8Array {
  const wanted = start.length;
  const fixed = fixedPoint(weights, bits);
  const shift = bits + kept;
  const out = new Uint8ClampedArray(wanted * stride);
  const sums = new Int32Array(stride);
  const half = 2 ** (shift - 1);
  for (let i = 0; i < wanted; i += 1) {
    const to = i * stride;
    const from = (start[i]! - top) * stride;
    const first = fixed[i * taps]!;
    if (count[i]! <= 2) {
      // What enlarging comes to: two rows, without a row of sums between.
      const second = count[i] === 2 ? fixed[i * taps + 1]! : 0;
      const next = count[i] === 2 ? from + stride : from;
      for (let x = 0; x < stride; x += 1) {
        out[to + x] = (half + Math.imul(data[from + x]!, first) + Math.imul(data[next + x]!, second)) >> shift;
      }
      continue;
    }
    sums.fill(half);
    for (let tap = 0; tap < count[i]!; tap += 1) {
      const weight = fixed[i * taps + tap]!;
      const row = from + tap * stride;
      for (let x = 0; x < stride; x += 1) sums[x] = (sums[x]! + Math.imul(data[row + x]!, weight)) | 0;
    }
    for (let x = 0; x < stride; x += 1) out[to + x] = sums[x]! >> shift;
  }
  return new Uint8Array(out.buffer);
}

/** Rounded away from zero at a half, as Pillow does. */
function fixedPoint(weights: Float64Array, bits: number): Int32Array {
  const one = 2 ** bits;
  return Int32Array.from(weights, (weight) => Math.trunc(weight * one + (weight < 0 ? -0.5 : 0.5)));
}
