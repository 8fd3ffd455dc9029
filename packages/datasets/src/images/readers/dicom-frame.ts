import dicomParser, { type DataSet } from 'dicom-parser';
import { sharp, UNTRUSTED } from '../sharp.ts';
import { withReason } from '../with-reason.ts';
import { decodeJpeg2000 } from './decode-jpeg2000.ts';
import { decodeRle } from './dicom-rle.ts';
import { NotRead } from './reader.ts';

/** What is said of a frame beside its bytes. */
export interface StoredFrame {
  readonly width: number;
  readonly height: number;
  readonly bands: 1 | 3;
  readonly bytesPerSample: 1 | 2;
  /** Bits in use, the highest of which is bit `high`. */
  readonly bits: number;
  readonly high: number;
  readonly signed: boolean;
  readonly planar: boolean;
  readonly photometric: string;
  /** The transfer syntax: how the pixels are written. */
  readonly syntax: string;
  readonly frames: number;
}

/** Samples of a frame, and whether they lie band after band. `ready`: red, green and blue, whatever the file calls its colours. */
interface Unpacked {
  readonly samples: ArrayLike<number>;
  readonly planar: boolean;
  readonly ready?: boolean;
}

const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const PLAIN: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  BIG_ENDIAN,
]);

type Unpack = (bytes: Buffer, frame: StoredFrame) => Unpacked | Promise<Unpacked>;

/** Compressed transfer syntaxes by their number behind 1.2.840.10008.1.2. */
const COMPRESSED: Readonly<Record<string, Unpack>> = {
  '5': (bytes, frame) => ({ samples: runs(bytes, frame), planar: true }),
  '4.50': jpeg,
  '4.51': jpeg,
  '4.90': jpeg2000,
  '4.91': jpeg2000,
};

/** The samples of the first frame: height × width × bands, without the bits that are not in use. Throws an Error. */
export async function storedSamples(data: DataSet, frame: StoredFrame): Promise<Int32Array> {
  const { width, height, bands, bits, high, signed, photometric } = frame;
  const { samples, planar, ready = false } = await unpacked(data, frame);
  const pixels = width * height;
  if (samples.length !== pixels * bands) throw new Error(`${samples.length} samples for ${pixels} pixels`);
  const out = new Int32Array(samples.length);
  const shift = high + 1 - bits;
  const mask = 2 ** bits - 1;
  const sign = signed ? 2 ** (bits - 1) : 0;
  for (let i = 0; i < out.length; i += 1) {
    const from = planar ? (i % bands) * pixels + Math.floor(i / bands) : i;
    // Other bits than those in use may hold overlays.
    const value = (samples[from]! >> shift) & mask;
    out[i] = sign !== 0 && value >= sign ? value - mask - 1 : value;
  }
  if (!ready && photometric.startsWith('YBR_FULL')) toColours(out);
  return out;
}

async function unpacked(data: DataSet, frame: StoredFrame): Promise<Unpacked> {
  const { syntax, width, height, bands, bytesPerSample } = frame;
  const element = data.elements.x7fe00010;
  if (!element) throw new Error('DICOM without pixels');
  if (PLAIN.has(syntax)) {
    if (frame.photometric === 'YBR_FULL_422') throw new NotRead('DICOM with halved chroma, not compressed', 'gdcmconv');
    const count = width * height * bands;
    const begin = element.dataOffset;
    if (element.length < count * bytesPerSample || begin + count * bytesPerSample > data.byteArray.length) {
      throw new Error('the pixels are cut off');
    }
    const { buffer, byteOffset } = data.byteArray;
    const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset + begin, count * bytesPerSample);
    return { samples: bytesPerSample === 1 ? bytes : wordsOf(bytes, syntax === BIG_ENDIAN), planar: frame.planar };
  }
  const unpack = COMPRESSED[syntax.replace(/^1\.2\.840\.10008\.1\.2\./, '')];
  if (!unpack) {
    throw new NotRead(
      `DICOM in transfer syntax ${syntax || 'unknown'}`,
      'write it uncompressed with dcmtk (dcmdjpeg) or GDCM (gdcmconv --raw)',
    );
  }
  return unpack(firstFrame(data, frame), frame);
}

/** A frame may lie in several fragments; the table of offsets says which, where it is filled in. */
function firstFrame(data: DataSet, { frames }: StoredFrame): Buffer {
  const element = data.elements.x7fe00010!;
  const fragments = element.fragments ?? [];
  if (fragments.length === 0) throw new Error('the pixels are not in fragments');
  const offsets = element.basicOffsetTable ?? [];
  const count = offsets.length > 1 ? fragments.findIndex(({ offset }) => offset === offsets[1]) : frames > 1 ? 1 : -1;
  const used = count > 0 ? count : fragments.length;
  return Buffer.from(dicomParser.readEncapsulatedPixelDataFromFragments(data, element, 0, used));
}

function runs(bytes: Buffer, { width, height, bands, bytesPerSample }: StoredFrame): ArrayLike<number> {
  const plain = decodeRle(bytes, width * height, bands, bytesPerSample);
  return bytesPerSample === 1 ? plain : wordsOf(plain, false);
}

/** Baseline JPEG, of 8 bits a sample. */
async function jpeg(bytes: Buffer, { bands, bits }: StoredFrame): Promise<Unpacked> {
  if (bits > 8)
    throw new NotRead(`DICOM of JPEG of ${bits} bits`, 'write it uncompressed with dcmtk (dcmdjpeg) or GDCM');
  const samples = await withReason(() =>
    sharp(bytes, { ...UNTRUSTED, ignoreIcc: true })
      .toColourspace(bands === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer(),
  );
  return { samples, planar: false, ready: true };
}

async function jpeg2000(bytes: Buffer, frame: StoredFrame): Promise<Unpacked> {
  const { samples } = await decodeJpeg2000(bytes, frame);
  return { samples, planar: false, ready: true };
}

function wordsOf(bytes: Buffer, bigEndian: boolean): Uint16Array {
  const words = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < words.length; i += 1)
    words[i] = bigEndian ? bytes.readUInt16BE(2 * i) : bytes.readUInt16LE(2 * i);
  return words;
}

/** Luma and chroma of 8 bits as red, green and blue (part 3, C.7.6.3.1.2). */
function toColours(samples: Int32Array): void {
  const level = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
  for (let at = 0; at + 2 < samples.length; at += 3) {
    const [luma, blue, red] = [samples[at]!, samples[at + 1]! - 128, samples[at + 2]! - 128];
    samples[at] = level(luma + 1.402 * red);
    samples[at + 1] = level(luma - 0.344136 * blue - 0.714136 * red);
    samples[at + 2] = level(luma + 1.772 * blue);
  }
}
