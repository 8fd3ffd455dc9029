import type { ImageHeader } from '../header.ts';
import type { PictureReader, ReadPicture } from './reader.ts';

/** Where the bits of a colour stand in a pixel. */
interface Mask {
  readonly shift: number;
  readonly bits: number;
}

interface BmpHeader extends ImageHeader {
  /** Rows lie from above, not from below. */
  readonly fromAbove: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly offset: number;
  /** Red, green, blue and, where there is one, alpha, of 16 and 32 bits. */
  readonly masks: readonly Mask[];
  /** Blue, green, red (and a byte of nothing), where pixels are numbers of a table. */
  readonly palette: { readonly at: number; readonly entryBytes: number; readonly colours: number };
}

/** Values of the field of compression. */
const PLAIN = 0;
const RUNS_OF_8 = 1;
const BIT_FIELDS = 3;
const BIT_FIELDS_ALPHA = 6;

/** Bytes of headers: OS/2's oldest, Windows' usual one, and the first one that has a mask of alpha. */
const CORE = 12;
const INFO = 40;
const WITH_ALPHA = 56;
const FILE_HEADER = 14;

const MASKS_OF_16: readonly Mask[] = [10, 5, 0].map((shift) => ({ shift, bits: 5 }));
const MASKS_OF_32: readonly Mask[] = [16, 8, 0].map((shift) => ({ shift, bits: 8 }));

/** Windows bitmaps of 1, 4, 8, 16, 24 and 32 bits, plain, with bit fields, or in runs of 8 bits. */
export const bmp: PictureReader = {
  format: 'bmp',
  begins: (bytes) => bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length > FILE_HEADER + CORE,
  header: readHeader,
  read: (bytes) => readPixels(bytes, readHeader(bytes)),
};

function readHeader(bytes: Buffer): BmpHeader {
  if (bytes.length < FILE_HEADER + CORE) throw new Error('the header is cut off');
  const size = bytes.readUInt32LE(FILE_HEADER);
  if (size !== CORE && (size < INFO || bytes.length < FILE_HEADER + size)) {
    throw new Error(`a header of ${size} bytes is none of a bitmap`);
  }
  const core = size === CORE;
  const width = core ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const tall = core ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(core ? 24 : 28);
  const compression = core ? PLAIN : bytes.readUInt32LE(30);
  if (width < 1 || tall === 0) throw new Error(`a picture of ${width} x ${tall} pixels`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel`);
  const fields = compression === BIT_FIELDS || compression === BIT_FIELDS_ALPHA;
  const known = compression === PLAIN || (compression === RUNS_OF_8 && bits === 8) || (fields && bits >= 16);
  if (!known) throw new Error(`compression ${compression} of ${bits} bits is not read`);
  const masks = masksOf(bytes, { size, bits, fields, compression });
  const used = core || bits > 8 ? 0 : bytes.readUInt32LE(46);
  const masksBehind = fields && size === INFO ? (compression === BIT_FIELDS_ALPHA ? 16 : 12) : 0;
  const palette = {
    at: FILE_HEADER + size + masksBehind,
    entryBytes: core ? 3 : 4,
    colours: bits > 8 ? 0 : used === 0 ? 2 ** bits : Math.min(used, 2 ** bits),
  };
  return {
    ...{ width, height: Math.abs(tall), grey: false, depth: 'uchar', linear: false },
    ...{ fromAbove: tall < 0, bits, compression, offset: bytes.readUInt32LE(10), masks, palette },
  };
}

function masksOf(
  bytes: Buffer,
  { size, bits, fields, compression }: { size: number; bits: number; fields: boolean; compression: number },
): readonly Mask[] {
  if (!fields) return bits === 16 ? MASKS_OF_16 : MASKS_OF_32;
  const alpha = compression === BIT_FIELDS_ALPHA || size >= WITH_ALPHA;
  const at = FILE_HEADER + INFO;
  if (bytes.length < at + (alpha ? 16 : 12)) throw new Error('the masks are cut off');
  const read = [0, 4, 8, ...(alpha ? [12] : [])].map((place) => maskOf(bytes.readUInt32LE(at + place)));
  if (read.slice(0, 3).some((mask) => mask === undefined)) throw new Error('a mask of a colour is no run of bits');
  return read.filter((mask) => mask !== undefined);
}

/** A run of ones, or undefined. */
function maskOf(word: number): Mask | undefined {
  if (word === 0) return undefined;
  const shift = 31 - Math.clz32(word & -word);
  const run = word >>> shift;
  const bits = 32 - Math.clz32(run);
  return bits === 32 || run === 2 ** bits - 1 ? { shift, bits } : undefined;
}

function readPixels(bytes: Buffer, header: BmpHeader): ReadPicture {
  const { width, height, bits } = header;
  if (bits <= 8) return { values: fromTable(bytes, header), width, height, bands: 3 };
  const bands = bits !== 24 && header.masks.length === 4 ? 4 : 3;
  const stride = Math.ceil((width * bits) / 32) * 4;
  need(bytes, header.offset, stride * height);
  const values = new Uint8Array(width * height * bands);
  const step = bits / 8;
  for (let y = 0; y < height; y += 1) {
    let from = header.offset + rowOf(header, y) * stride;
    for (let to = y * width * bands, end = to + width * bands; to < end; to += bands, from += step) {
      if (bits === 24) {
        for (let band = 0; band < 3; band += 1) values[to + band] = bytes[from + 2 - band]!;
        continue;
      }
      const word = bits === 16 ? bytes.readUInt16LE(from) : bytes.readUInt32LE(from);
      header.masks.forEach((mask, band) => (values[to + band] = level(word, mask)));
    }
  }
  return { values, width, height, bands };
}

function level(word: number, { shift, bits }: Mask): number {
  const most = 2 ** bits - 1;
  return Math.round((((word >>> shift) & most) >>> 0) * (255 / most));
}

function fromTable(bytes: Buffer, header: BmpHeader): Uint8Array {
  const { width, height, bits, palette, compression } = header;
  need(bytes, palette.at, palette.colours * palette.entryBytes);
  const stride = Math.ceil((width * bits) / 32) * 4;
  const numbers = compression === RUNS_OF_8 ? unrolled(bytes, header) : undefined;
  if (!numbers) need(bytes, header.offset, stride * height);
  const values = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const row = rowOf(header, y);
    for (let x = 0; x < width; x += 1) {
      const bit = x * bits;
      const number = numbers
        ? numbers[row * width + x]!
        : (bytes[header.offset + row * stride + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
      if (number >= palette.colours) throw new Error(`pixel ${x}, ${y} has colour ${number} of ${palette.colours}`);
      const from = palette.at + number * palette.entryBytes;
      for (let band = 0; band < 3; band += 1) values[(y * width + x) * 3 + band] = bytes[from + 2 - band]!;
    }
  }
  return values;
}

/** Runs: a count and a number; or 0 and: 0 the end of a row, 1 the end, 2 a jump, else so many numbers as they are, to an even count. */
function unrolled(bytes: Buffer, { width, height, offset }: BmpHeader): Uint8Array {
  const numbers = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, offset];
  const put = (number: number): void => {
    if (x >= width || y >= height) throw new Error('a run leaves the picture');
    numbers[y * width + x] = number;
    x += 1;
  };
  for (;;) {
    need(bytes, at, 2);
    const [count, number] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i += 1) put(number);
    else if (number === 1) return numbers;
    else if (number === 0) [x, y] = [0, y + 1];
    else if (number === 2) {
      need(bytes, at, 2);
      [x, y, at] = [x + bytes[at]!, y + bytes[at + 1]!, at + 2];
    } else {
      need(bytes, at, number);
      for (let i = 0; i < number; i += 1) put(bytes[at + i]!);
      at += number + (number % 2);
    }
  }
}

const rowOf = ({ fromAbove, height }: BmpHeader, y: number): number => (fromAbove ? y : height - 1 - y);

function need(bytes: Buffer, from: number, count: number): void {
  if (from + count > bytes.length) throw new Error('the pixels are cut off');
}
