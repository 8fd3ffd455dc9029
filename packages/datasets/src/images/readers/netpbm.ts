import type { ImageHeader } from '../header.ts';
import type { PictureReader, ReadPicture } from './reader.ts';

interface NetpbmHeader extends ImageHeader {
  readonly bands: 1 | 3;
  /** Numbers as words of text (P2, P3). */
  readonly plain: boolean;
  readonly maxval: number;
  /** Where the pixels begin. */
  readonly offset: number;
}

/** A header is a few dozen bytes; comments may make it longer. */
const MOST_HEADER = 65_536;

/** Grey pictures: P2 (text) and P5 (bytes, or words with the high byte first), maxval to 65 535. */
export const pgm: PictureReader = netpbm('pgm', { '2': true, '5': false }, 1);

/** Pictures in colour: P3 and P6. */
export const ppm: PictureReader = netpbm('ppm', { '3': true, '6': false }, 3);

function netpbm(format: string, kinds: Readonly<Record<string, boolean>>, bands: 1 | 3): PictureReader {
  const plainOf = (bytes: Uint8Array): boolean | undefined =>
    bytes[0] === 0x50 && isBlank(bytes[2] ?? 0) ? kinds[String.fromCharCode(bytes[1] ?? 0)] : undefined;
  const header = (bytes: Buffer): NetpbmHeader => readHeader(bytes, bands, plainOf(bytes) ?? false);
  return {
    format,
    begins: (bytes) => plainOf(bytes) !== undefined,
    header,
    read: (bytes) => readPixels(bytes, header(bytes)),
  };
}

/** Width, height and maxval, parted by blanks and by comments from # to the end of a line, then one blank. */
function readHeader(bytes: Buffer, bands: 1 | 3, plain: boolean): NetpbmHeader {
  const numbers: number[] = [];
  let at = 2;
  while (numbers.length < 3) {
    while (at < bytes.length && (isBlank(bytes[at]!) || bytes[at] === 0x23)) {
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at += 1;
      else at += 1;
    }
    const begin = at;
    while (at < bytes.length && isDigit(bytes[at]!)) at += 1;
    if (at === begin || at - begin > 9 || at > MOST_HEADER) throw new Error('the header has not three whole numbers');
    numbers.push(Number(bytes.toString('latin1', begin, at)));
  }
  const [width = 0, height = 0, maxval = 0] = numbers;
  if (!isBlank(bytes[at] ?? 0)) throw new Error('the header does not end in a blank');
  if (width < 1 || height < 1) throw new Error(`a picture of ${width} x ${height} pixels`);
  if (maxval < 1 || maxval > 65_535) throw new Error(`maxval is ${maxval}, not 1 to 65535`);
  const depth = maxval > 255 ? 'ushort' : 'uchar';
  return { width, height, grey: bands === 1, depth, linear: false, bands, plain, maxval, offset: at + 1 };
}

function readPixels(bytes: Buffer, header: NetpbmHeader): ReadPicture {
  const { width, height, bands, maxval, plain, offset } = header;
  const count = width * height * bands;
  const values = plain ? numbersFrom(bytes, offset, count, maxval) : stored(bytes, offset, count, maxval);
  const reading = maxval === 255 ? {} : { reading: `values up to ${maxval} (maxval): scaled by ${maxval}` };
  return { values, width, height, bands, most: maxval, ...reading };
}

function stored(bytes: Buffer, offset: number, count: number, maxval: number): Uint8Array | Uint16Array {
  const wide = maxval > 255;
  if (bytes.length < offset + count * (wide ? 2 : 1)) throw new Error('the pixels are cut off');
  if (!wide) return Uint8Array.from(bytes.subarray(offset, offset + count));
  const words = new Uint16Array(count);
  for (let i = 0; i < count; i += 1) words[i] = bytes.readUInt16BE(offset + 2 * i);
  return words;
}

function numbersFrom(bytes: Buffer, offset: number, count: number, maxval: number): Uint8Array | Uint16Array {
  // Each number takes a digit and a blank: what is shorter need not be given memory.
  if (bytes.length - offset < 2 * count - 1) throw new Error('the pixels are cut off');
  const values = maxval > 255 ? new Uint16Array(count) : new Uint8Array(count);
  let found = 0;
  for (let at = offset; at < bytes.length && found < count;) {
    const byte = bytes[at]!;
    if (byte === 0x23) while (at < bytes.length && bytes[at] !== 0x0a) at += 1;
    else if (isBlank(byte)) at += 1;
    else {
      let value = 0;
      for (; isDigit(bytes[at] ?? 0) && value <= maxval; at += 1) value = value * 10 + bytes[at]! - 0x30;
      if (!isDigit(byte) || value > maxval || (at < bytes.length && !isBlank(bytes[at]!) && bytes[at] !== 0x23)) {
        throw new Error(`pixel ${found} is no number from 0 to ${maxval}`);
      }
      values[found] = value;
      found += 1;
    }
  }
  if (found < count) throw new Error('the pixels are cut off');
  return values;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
