import { Failure } from '@kneepoint/failures';
import { Moments } from './moments.ts';

/** "KPM1", little-endian, then filters, targets, rows; the arrays of float64 follow, the Gram matrix as its packed lower half. */
const MAGIC = 0x314d504b;
const HEADER = 24;

/** Serialises statistics; `momentsFromBytes` gives back the same bits. */
export function momentsToBytes(moments: Moments): Uint8Array {
  const { filters, targets } = moments;
  const bytes = new Uint8Array(sizeOf(filters, targets));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, filters, true);
  view.setUint32(8, targets, true);
  view.setFloat64(16, moments.n, true);
  let at = HEADER;
  for (const part of partsOf(moments)) {
    for (const value of part) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  return bytes;
}

/** Reads what `momentsToBytes` wrote. Throws REGRESSION_MOMENTS_INVALID on anything else, and on values that are not finite. */
export function momentsFromBytes(bytes: Uint8Array): Moments {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || view.getUint32(0, true) !== MAGIC) refuse('these bytes are not statistics of a layer');
  const filters = view.getUint32(4, true);
  const targets = view.getUint32(8, true);
  if (bytes.length !== sizeOf(filters, targets)) {
    refuse(`${bytes.length} bytes do not hold ${filters} filters and ${targets} targets`);
  }
  const moments = new Moments({ shift: new Float64Array(filters), targetShift: new Float64Array(targets) });
  moments.n = view.getFloat64(16, true);
  if (!Number.isSafeInteger(moments.n) || moments.n < 0) refuse('the number of rows is not a count');
  let at = HEADER;
  for (const part of partsOf(moments)) {
    for (let i = 0; i < part.length; i++) {
      const value = view.getFloat64(at, true);
      if (!Number.isFinite(value)) refuse(`the value at byte ${at} is not finite`);
      part[i] = value;
      at += 8;
    }
  }
  return moments;
}

function refuse(message: string): never {
  throw new Failure('REGRESSION_MOMENTS_INVALID', message, { fix: 'bytes written by momentsToBytes' });
}

const sizeOf = (filters: number, targets: number) =>
  HEADER + 8 * (2 * filters + (filters * (filters + 1)) / 2 + filters * targets + 3 * targets);

/** Views of every array in the order of the format. */
function* partsOf(moments: Moments): Generator<Float64Array> {
  yield moments.pilot.shift;
  yield moments.pilot.targetShift;
  yield moments.sums;
  for (let i = 0; i < moments.filters; i++)
    yield moments.gram.subarray(i * moments.filters, i * moments.filters + i + 1);
  yield moments.cross;
  yield moments.targetSums;
  yield moments.targetSquares;
}
