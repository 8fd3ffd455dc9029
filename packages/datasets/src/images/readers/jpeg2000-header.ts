import type { ImageHeader } from '../header.ts';
import { NotRead } from './reader.ts';

interface Jpeg2000Header extends ImageHeader {
  readonly signed: boolean;
  /** Whether the codestream has its end, the marker EOC. */
  readonly ends: boolean;
}

/** A JP2 file begins with its signature box, a bare codestream with the markers SOC and SIZ. */
export const JP2 = Buffer.from('0000000c6a5020200d0a870a', 'hex');
export const CODESTREAM = Buffer.from('ff4fff51', 'hex');
const END = Buffer.from('ffd9', 'hex');
/** Of the box `colr`: luma and chroma, which nothing here turns to colours. */
const SYCC = 18;

/** By the marker SIZ, annex A.5.1 of the standard (T.800): the picture is what of the reference grid lies behind its offset. */
export function jpeg2000Header(bytes: Buffer): Jpeg2000Header {
  const { at, end } = codestreamIn(bytes);
  if (bytes.length < at + 4 + 38) throw new Error('the header is cut off');
  const size = (place: number): number => bytes.readUInt32BE(at + 8 + place);
  const width = size(0) - size(8);
  const height = size(4) - size(12);
  const bands = bytes.readUInt16BE(at + 40);
  if (bytes.length < at + 42 + 3 * bands) throw new Error('the header is cut off');
  if (width < 1 || height < 1) throw new Error(`a picture of ${width} x ${height} pixels`);
  if (bands < 1 || bands > 4) throw new NotRead(`JPEG 2000 of ${bands} components`, 'convert it to PNG or TIFF');
  const samples = Array.from({ length: bands }, (_, band) => bytes.subarray(at + 42 + 3 * band, at + 45 + 3 * band));
  if (samples.some(([kind = 0, across, down]) => across !== 1 || down !== 1 || (kind & 0x7f) > 15)) {
    throw new NotRead('JPEG 2000 with subsampled components or more than 16 bits', 'convert it to PNG or TIFF');
  }
  const depth = samples.some(([kind = 0]) => (kind & 0x7f) > 7) ? 'ushort' : 'uchar';
  // Streams may be filled up to a whole number of words.
  const ends = bytes.subarray(0, end).lastIndexOf(END) >= end - 4;
  const signed = samples.some(([kind = 0]) => kind > 0x7f);
  return { width, height, grey: bands < 3, depth, linear: false, signed, ends };
}

/** Where the codestream lies: box by box, each with its length and its name. */
function codestreamIn(bytes: Buffer): { readonly at: number; readonly end: number } {
  if (bytes.subarray(0, 4).equals(CODESTREAM)) return { at: 0, end: bytes.length };
  let at = 0;
  while (at + 8 <= bytes.length) {
    const name = bytes.toString('latin1', at + 4, at + 8);
    const long = bytes.readUInt32BE(at) === 1 && at + 16 <= bytes.length;
    const begin = at + (long ? 16 : 8);
    const length = long ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at);
    if (name === 'jp2c') {
      if (!bytes.subarray(begin, begin + 4).equals(CODESTREAM)) break;
      // A length of 0 goes to the end of the file.
      return { at: begin, end: length === 0 ? bytes.length : at + length };
    }
    // Its boxes follow within.
    if (name === 'jp2h') {
      at = begin;
      continue;
    }
    if (name === 'colr' && bytes[begin] === 1 && begin + 7 <= bytes.length && bytes.readUInt32BE(begin + 3) === SYCC) {
      throw new NotRead('JPEG 2000 in luma and chroma (sYCC)', 'convert it to PNG or TIFF');
    }
    if (length < 8) break;
    at += length;
  }
  throw new Error('there is no codestream');
}
