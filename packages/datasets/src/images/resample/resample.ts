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
  axis: Axis,
  { first: bits, kept }: Precision,
): Uint8Array | Int32Array {
  const stride = width * bands;
  const rows = data.length / stride;
  const wanted = axis.start.length * bands;
  const weights = fixedPoint(axis.weights, bits);
  const sumRow = bands === 3 ? sumColours : sumGreys;
  if (kept > 0) {
    const out = new Int32Array(rows * wanted);
    for (let row = 0; row < rows; row += 1) {
      sumRow(data, row * stride, axis, weights, bits - kept, out.subarray(row * wanted, (row + 1) * wanted));
    }
    return out;
  }
  const out = new Uint8Array(rows * wanted);
  const sums = new Int32Array(wanted);
  for (let row = 0; row < rows; row += 1) {
    sumRow(data, row * stride, axis, weights, bits, sums);
    storeBytes(sums, out, row * wanted);
  }
  return out;
}

// One row each, with one kind of array in each place: a loop over all rows that stores into either kind takes twice as long in V8.

/** What a cubic makes below 0 and above 255 is cut off. */
function storeBytes(values: Int32Array, out: Uint8Array, at: number): void {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    out[at + i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}

function sumColours(
  data: Uint8Array,
  begin: number,
  { start, count, taps }: Axis,
  weights: Int32Array,
  shift: number,
  out: Int32Array,
): void {
  const half = 2 ** (shift - 1);
  for (let i = 0, at = 0; i < start.length; i += 1, at += 3) {
    const end = i * taps + count[i]!;
    let from = begin + start[i]! * 3;
    let red = half;
    let green = half;
    let blue = half;
    for (let tap = i * taps; tap < end; tap += 1, from += 3) {
      const weight = weights[tap]!;
      red = (red + Math.imul(data[from]!, weight)) | 0;
      green = (green + Math.imul(data[from + 1]!, weight)) | 0;
      blue = (blue + Math.imul(data[from + 2]!, weight)) | 0;
    }
    out[at] = red >> shift;
    out[at + 1] = green >> shift;
    out[at + 2] = blue >> shift;
  }
}

function sumGreys(
  data: Uint8Array,
  begin: number,
  { start, count, taps }: Axis,
  weights: Int32Array,
  shift: number,
  out: Int32Array,
): void {
  const half = 2 ** (shift - 1);
  for (let i = 0; i < start.length; i += 1) {
    const end = i * taps + count[i]!;
    let from = begin + start[i]!;
    let sum = half;
    for (let tap = i * taps; tap < end; tap += 1, from += 1) sum = (sum + Math.imul(data[from]!, weights[tap]!)) | 0;
    out[i] = sum >> shift;
  }
}

/** Every column of `data`, whose first row is row `top` of the picture, as bytes. */
function alongColumns(
  data: Uint8Array | Int32Array,
  stride: number,
  top: number,
  axis: Axis,
  { second: bits, kept }: Precision,
): Uint8Array {
  const { start, count, taps } = axis;
  const weights = fixedPoint(axis.weights, bits);
  const shift = bits + kept;
  const half = 2 ** (shift - 1);
  const out = new Uint8Array(start.length * stride);
  const sums = new Int32Array(stride);
  const row = (number: number): Uint8Array | Int32Array =>
    data.subarray((number - top) * stride, (number - top + 1) * stride);
  for (let i = 0; i < start.length; i += 1) {
    const first = start[i]!;
    const last = count[i]! - 1;
    if (last <= 1) {
      // What enlarging comes to, in one go.
      blendRows(
        row(first),
        row(first + last),
        weights[i * taps]!,
        last === 1 ? weights[i * taps + 1]! : 0,
        shift,
        sums,
      );
    } else {
      sums.fill(half);
      for (let tap = 0; tap < last; tap += 1) addRow(row(first + tap), weights[i * taps + tap]!, sums);
      endRows(row(first + last), weights[i * taps + last]!, shift, sums);
    }
    storeBytes(sums, out, i * stride);
  }
  return out;
}

function blendRows(
  one: Uint8Array | Int32Array,
  other: Uint8Array | Int32Array,
  weight: number,
  otherWeight: number,
  shift: number,
  sums: Int32Array,
): void {
  const half = 2 ** (shift - 1);
  for (let x = 0; x < sums.length; x += 1) {
    const sum = (half + Math.imul(one[x]!, weight)) | 0;
    sums[x] = (sum + Math.imul(other[x]!, otherWeight)) >> shift;
  }
}

function endRows(row: Uint8Array | Int32Array, weight: number, shift: number, sums: Int32Array): void {
  for (let x = 0; x < sums.length; x += 1) sums[x] = (sums[x]! + Math.imul(row[x]!, weight)) >> shift;
}

function addRow(row: Uint8Array | Int32Array, weight: number, sums: Int32Array): void {
  for (let x = 0; x < sums.length; x += 1) sums[x] = (sums[x]! + Math.imul(row[x]!, weight)) | 0;
}

/** Rounded away from zero at a half, as Pillow does. */
function fixedPoint(weights: Float64Array, bits: number): Int32Array {
  const one = 2 ** bits;
  const fixed = new Int32Array(weights.length);
  for (let i = 0; i < fixed.length; i += 1) fixed[i] = Math.trunc(weights[i]! * one + (weights[i]! < 0 ? -0.5 : 0.5));
  return fixed;
}
