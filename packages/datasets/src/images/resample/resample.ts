import { type Axis, type KernelName, resampleAxis, type Resampling, type Stretch } from './axis.ts';

/** Height × width × bands, 8 bits each. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  /** How opaque each pixel is, where that is asked for: height × width. */
  readonly alpha?: Uint8Array;
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

/** Numbers that are held between the passes. A picture that gives more is worked through part by part, to the same result. */
const MOST_BETWEEN = 2 ** 24;

/**
 * The wanted part of a picture that is resized: first along its rows, as far as any wanted row is made of them, then along its columns,
 * as Pillow does. With `antialias` the result is Pillow's to the bit (linear, cubic, nearest); with `plain` it is within one level of
 * OpenCV and tf.image, which differ from each other by their own rounding.
 */
export function resample(picture: Picture, { columns, rows, kernel, resampling }: ResampleOptions): Picture {
  const { data, bands } = picture;
  const width = columns.to - columns.from;
  const height = rows.to - rows.from;
  const twice = resampling === 'antialias' && kernel !== 'area';
  const skipsFirst = isWhole(columns) && (twice || isWhole(rows));
  if (skipsFirst && isWhole(rows)) return picture;
  const precision = twice ? ROUND_TWICE : ROUND_ONCE;
  const horizontal = skipsFirst ? undefined : alongRows(picture, resampleAxis(columns, kernel, resampling), precision);
  const vertical = resampleAxis(rows, kernel, resampling);
  const { rows: needed, places } = neededRows(vertical, picture.height);
  if (horizontal && twice && isWhole(rows)) {
    return { data: Uint8Array.from(horizontal(needed)), width, height, bands };
  }
  const stride = width * bands;
  const down = new Columns(stride, vertical, places, precision);
  const step = Math.max(1, Math.floor(MOST_BETWEEN / stride));
  for (let from = 0; from < needed.length; from += step) {
    const part = needed.subarray(from, from + step);
    down.add(horizontal ? horizontal(part) : picked(data, stride, part), from);
  }
  return { data: down.out, width, height, bands };
}

function isWhole({ source, target, from, to }: Stretch): boolean {
  return source === target && from === 0 && to === target;
}

/** Rows that any wanted row is made of, in order, and where among them the first of each wanted row stands. Windows only move on. */
function neededRows(
  { start, count }: Axis,
  height: number,
): { readonly rows: Int32Array; readonly places: Int32Array } {
  const rows = new Int32Array(height);
  let found = 0;
  let next = 0;
  const places = start.map((first, i) => {
    next = Math.max(next, first);
    // What is before `next` was found for the rows before, without a gap.
    const place = found - (next - first);
    for (const end = first + count[i]!; next < end; next += 1, found += 1) rows[found] = next;
    return place;
  });
  return { rows: rows.subarray(0, found), places };
}

/** The rows themselves; without a copy where they follow each other. */
function picked(data: Uint8Array, stride: number, rows: Int32Array): Uint8Array {
  const first = rows[0]!;
  if (rows.at(-1)! - first === rows.length - 1) return data.subarray(first * stride, (first + rows.length) * stride);
  const out = new Uint8Array(rows.length * stride);
  rows.forEach((row, i) => out.set(data.subarray(row * stride, (row + 1) * stride), i * stride));
  return out;
}

/** The named rows of the picture in their new width; with `kept` bits behind the point, or as bytes without. */
function alongRows(
  { data, width, bands }: Picture,
  axis: Axis,
  { first: bits, kept }: Precision,
): (rows: Int32Array) => Uint8Array | Int32Array {
  const stride = width * bands;
  const wanted = axis.start.length * bands;
  const weights = fixedPoint(axis.weights, bits);
  const sumRow = bands === 3 ? sumColours : sumGreys;
  const sums = new Int32Array(wanted);
  return (rows) => {
    if (kept > 0) {
      const out = new Int32Array(rows.length * wanted);
      for (let i = 0; i < rows.length; i += 1) {
        sumRow(data, rows[i]! * stride, axis, weights, bits - kept, out.subarray(i * wanted, (i + 1) * wanted));
      }
      return out;
    }
    const out = new Uint8Array(rows.length * wanted);
    for (let i = 0; i < rows.length; i += 1) {
      sumRow(data, rows[i]! * stride, axis, weights, bits, sums);
      storeBytes(sums, out, i * wanted);
    }
    return out;
  };
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

/** Sums up the columns, part by part of the rows: whole numbers, so that it does not matter where a part ends. */
class Columns {
  readonly out: Uint8Array;
  private readonly weights: Int32Array;
  private readonly shift: number;
  /** Sums of the rows that a part has begun and not ended. */
  private readonly open = new Map<number, Int32Array>();
  private readonly sums: Int32Array;
  /** Before it, every row is done. */
  private done = 0;

  constructor(
    private readonly stride: number,
    private readonly axis: Axis,
    private readonly places: Int32Array,
    { second: bits, kept }: Precision,
  ) {
    this.weights = fixedPoint(axis.weights, bits);
    this.shift = bits + kept;
    this.out = new Uint8Array(axis.start.length * stride);
    this.sums = new Int32Array(stride);
  }

  /** The next rows, of which the first has the number `from` among those needed. */
  add(data: Uint8Array | Int32Array, from: number): void {
    const { places, stride } = this;
    const { count } = this.axis;
    const end = from + data.length / stride;
    for (let i = this.done; i < places.length && places[i]! < end; i += 1) {
      const first = places[i]!;
      const last = first + count[i]!;
      if (first >= from && last <= end) this.whole(data, i, first - from);
      else this.part(data, i, from, end);
      if (last <= end) this.done = i + 1;
    }
  }

  /** A wanted row all of whose rows are here. */
  private whole(data: Uint8Array | Int32Array, i: number, first: number): void {
    const { stride, sums, shift, weights } = this;
    const row = (number: number): Uint8Array | Int32Array => data.subarray(number * stride, (number + 1) * stride);
    const at = i * this.axis.taps;
    const last = this.axis.count[i]! - 1;
    if (last <= 1) {
      // What enlarging comes to, in one go.
      blendRows(row(first), row(first + last), weights[at]!, last === 1 ? weights[at + 1]! : 0, shift, sums);
    } else {
      sums.fill(2 ** (shift - 1));
      for (let tap = 0; tap < last; tap += 1) addRow(row(first + tap), weights[at + tap]!, sums);
      endRows(row(first + last), weights[at + last]!, shift, sums);
    }
    storeBytes(sums, this.out, i * stride);
  }

  /** A wanted row some of whose rows are here. */
  private part(data: Uint8Array | Int32Array, i: number, from: number, end: number): void {
    const { stride, shift, weights } = this;
    const first = this.places[i]!;
    const last = first + this.axis.count[i]!;
    const sums = this.open.get(i) ?? new Int32Array(stride).fill(2 ** (shift - 1));
    for (let row = Math.max(first, from); row < Math.min(last, end); row += 1) {
      const values = data.subarray((row - from) * stride, (row - from + 1) * stride);
      addRow(values, weights[i * this.axis.taps + row - first]!, sums);
    }
    if (last > end) {
      this.open.set(i, sums);
      return;
    }
    this.open.delete(i);
    for (let x = 0; x < stride; x += 1) sums[x] = sums[x]! >> shift;
    storeBytes(sums, this.out, i * stride);
  }
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
