import { inflateSync } from 'node:zlib';

/** A value of a MATLAB file: numbers of an array in its own (column-major) order, text, a list of cells, or fields by name. */
export type MatValue = Float64Array | string | readonly MatValue[] | { readonly [field: string]: MatValue };

/** The most bytes that one compressed variable may unfold to. */
const MOST_INFLATED = 1 << 30;

/** MAT-file data types of numbers, by their code (MAT-File Format, table 1-1), and the bytes of one. */
const NUMBERS: Readonly<Record<number, readonly [number, (view: DataView, at: number, little: boolean) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};
const TEXTS: Readonly<Record<number, BufferEncoding>> = { 2: 'latin1', 4: 'utf16le', 16: 'utf8', 17: 'utf16le' };
const MATRIX = 14;
const COMPRESSED = 15;
const CELL = 1;
const STRUCT = 2;
const CHAR = 4;
/** Array classes of numbers: double to uint64. */
const NUMERIC: readonly [number, number] = [6, 15];

interface Element {
  readonly type: number;
  readonly data: Buffer;
  /** Where the next element begins. */
  readonly next: number;
}

/**
 * The variables of a MATLAB level 5 file, those of kinds that it does not know (objects, sparse arrays) left out.
 * Throws a RangeError or Error when the bytes are no such file or are cut off; `isMat5` tells the version first.
 */
export function readMat5(bytes: Buffer): Readonly<Record<string, MatValue>> {
  if (!isMat5(bytes)) throw new RangeError('not a MATLAB level 5 file');
  const little = bytes.toString('latin1', 126, 128) === 'IM';
  const variables: Record<string, MatValue> = {};
  for (let at = 128; at + 8 <= bytes.length;) {
    const element = elementAt(bytes, at, little);
    at = element.next;
    const inner =
      element.type === COMPRESSED
        ? elementAt(inflateSync(element.data, { maxOutputLength: MOST_INFLATED }), 0, little)
        : element;
    if (inner.type !== MATRIX) continue;
    const { name, value } = matrixOf(inner.data, little);
    if (name !== '' && value !== undefined) variables[name] = value;
  }
  return variables;
}

export function isMat5(bytes: Buffer): boolean {
  return (
    bytes.length >= 128 &&
    ['IM', 'MI'].includes(bytes.toString('latin1', 126, 128)) &&
    bytes.toString('latin1', 0, 10) === 'MATLAB 5.0'
  );
}

/** A tag and its data; small data stand in the tag itself. Elements are filled up to 8 bytes, compressed ones are not. */
function elementAt(bytes: Buffer, at: number, little: boolean): Element {
  const word = (from: number): number => (little ? bytes.readUInt32LE(from) : bytes.readUInt32BE(from));
  const tag = word(at);
  const small = tag >>> 16;
  const [type, length, start] = small > 0 ? [tag & 0xffff, small, at + 4] : [tag, word(at + 4), at + 8];
  if (start + length > bytes.length) throw new RangeError(`an element at byte ${at} is cut off`);
  const padded = type === COMPRESSED ? length : Math.ceil(length / 8) * 8;
  return { type, data: bytes.subarray(start, start + length), next: small > 0 ? at + 8 : start + padded };
}

function matrixOf(data: Buffer, little: boolean): { readonly name: string; readonly value: MatValue | undefined } {
  if (data.length === 0) return { name: '', value: new Float64Array(0) };
  const flags = elementAt(data, 0, little);
  const kind = (little ? flags.data.readUInt32LE(0) : flags.data.readUInt32BE(0)) & 0xff;
  const shape = elementAt(data, flags.next, little);
  const count = numbersOf(shape, little).reduce((product, size) => product * size, 1);
  const label = elementAt(data, shape.next, little);
  const name = label.data.toString('latin1');
  return { name, value: contentsOf(kind, count, data, label.next, little) };
}

function contentsOf(kind: number, count: number, data: Buffer, start: number, little: boolean): MatValue | undefined {
  let at = start;
  const next = (): Element => {
    const element = elementAt(data, at, little);
    at = element.next;
    return element;
  };
  /** Every part has a tag of 8 bytes; a count that the bytes cannot hold is refused before anything of its size is made. */
  const check = (amount: number): void => {
    if (amount > 1 && amount * 8 > data.length - at) throw new RangeError('an array announces more parts than bytes');
  };
  const matrices = (amount: number): MatValue[] => {
    check(amount);
    return Array.from({ length: amount }, () => matrixOf(next().data, little).value ?? '');
  };
  if (kind === CHAR) return count === 0 ? '' : textOf(next());
  if (kind === CELL) return matrices(count);
  if (kind === STRUCT) {
    const width = numbersOf(next(), little)[0] ?? 0;
    const names = next().data;
    const fields = Array.from({ length: width === 0 ? 0 : names.length / width }, (_, i) =>
      names.toString('latin1', i * width, (i + 1) * width).replace(/\0.*$/s, ''),
    );
    check(count * Math.max(1, fields.length));
    const all = Array.from({ length: count }, () => {
      const values = matrices(fields.length);
      return Object.fromEntries(fields.map((field, i) => [field, values[i] ?? '']));
    });
    return count === 1 ? all[0] : all;
  }
  return kind >= NUMERIC[0] && kind <= NUMERIC[1] ? numbersOf(next(), little) : undefined;
}

function numbersOf({ type, data }: Element, little: boolean): Float64Array {
  const number = NUMBERS[type];
  if (number === undefined) return new Float64Array(0);
  const [width, read] = number;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from({ length: Math.floor(data.length / width) }, (_, i) => read(view, i * width, little));
}

function textOf({ type, data }: Element): string {
  return data.toString(TEXTS[type] ?? 'latin1');
}
