import type { ImageHeader } from './header.ts';
import { hasAlpha, type Preprocess } from './preprocess.ts';
import type { ReadPicture } from './readers/reader.ts';
import { readerOf } from './readers/readers.ts';
import type { Picture } from './resample/resample.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { bytesToBytes, floatsToBytes, wordsToBytes } from './to-bytes.ts';
import { withReason } from './with-reason.ts';

/**
 * Every pixel of the picture in its own size: grey pictures with one band, others red, green and blue. JPEGs are never shrunk while they are
 * decoded: that averages in another way than any resizing does. Where the alpha channel is wanted, it comes beside the colours, which stay
 * what they are under it; a picture without one is opaque.
 */
export async function decodePicture(bytes: Buffer, header: ImageHeader, preprocess: Preprocess): Promise<Picture> {
  const reader = readerOf(bytes);
  if (reader) return ofReader(await reader.read(bytes), preprocess);
  const { values: all, width, height, bands } = await decodeValues(bytes, header, preprocess);
  if (!hasAlpha(preprocess)) return { data: toBytes(all, preprocess), width, height, bands };
  // Of a grey picture of floats the colours alone come.
  if (bands % 2 === 1) return { data: toBytes(all, preprocess), width, height, bands, alpha: opaque(width * height) };
  const colours = split(all, bands, 0, bands - 1);
  // How opaque a pixel is has a scale of its own.
  const alpha8 = toBytes(split(all, bands, bands - 1, bands), { depth: 16 });
  return { data: toBytes(colours, preprocess), width, height, bands: bands - 1, alpha: alpha8 };
}

interface Decoded {
  /** Height × width × bands. */
  readonly values: Values;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
}

/** The numbers of a picture as sharp decodes it, of as many bits as the file has. */
export async function decodeValues(bytes: Buffer, header: ImageHeader, preprocess: Preprocess): Promise<Decoded> {
  const { depth } = header;
  const { icc = false, exif = true, alpha = 'black' } = preprocess;
  const { data, info } = await withReason(() => {
    const image = sharp(bytes, { ...UNTRUSTED, autoOrient: exif, ignoreIcc: !icc });
    if (hasAlpha(preprocess)) image.ensureAlpha();
    else if (alpha === 'ignore') image.removeAlpha();
    else image.flatten({ background: alpha === 'white' ? '#fff' : '#000' });
    const space = hasAlpha(preprocess) && depth !== 'float' ? COLOURS[depth] : colourspace(header, icc);
    return image.toColourspace(space).raw({ depth }).toBuffer({ resolveWithObject: true });
  });
  const { width, height, channels: bands } = info;
  const count = data.length / { uchar: 1, ushort: 2, float: 4 }[depth];
  const values =
    depth === 'uchar'
      ? data
      : depth === 'ushort'
        ? new Uint16Array(data.buffer, data.byteOffset, count)
        : new Float32Array(data.buffer, data.byteOffset, count);
  return { values, width, height, bands };
}

/** What a reader of one format gives, as every other picture: transparency as it is asked for. */
function ofReader({ values, width, height, bands, most }: ReadPicture, preprocess: Preprocess): Picture {
  const whole =
    values instanceof Uint8Array
      ? bytesToBytes(values, most)
      : wordsToBytes(values, preprocess.depth === undefined ? most : 2 ** preprocess.depth - 1);
  const keeps = hasAlpha(preprocess);
  if (bands !== 4) {
    return { data: whole, width, height, bands, ...(keeps ? { alpha: opaque(width * height) } : {}) };
  }
  const data = split(whole, 4, 0, 3);
  const alpha = split(whole, 4, 3, 4);
  if (keeps) return { data, width, height, bands: 3, alpha };
  if (preprocess.alpha === 'ignore') return { data, width, height, bands: 3 };
  const ground = preprocess.alpha === 'white' ? 255 : 0;
  const laid = data.map((value, i) => Math.round(ground + ((value - ground) * alpha[Math.floor(i / 3)]!) / 255));
  return { data: laid, width, height, bands: 3 };
}

const opaque = (pixels: number): Uint8Array => new Uint8Array(pixels).fill(255);

type Values = Uint8Array | Uint16Array | Float32Array;

function toBytes(values: Values, { depth }: Pick<Preprocess, 'depth'>): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const most = depth === undefined ? undefined : 2 ** depth - 1;
  return values instanceof Uint16Array ? wordsToBytes(values, most) : floatsToBytes(values);
}

/** Bands [from, to) of interleaved pixels. */
function split<T extends Values>(values: T, bands: number, from: number, to: number): T {
  const width = to - from;
  const length = (values.length / bands) * width;
  // A Buffer is a Uint8Array whose constructor means something else.
  const Kind = values instanceof Uint8Array ? Uint8Array : values.constructor;
  const out = new (Kind as new (length: number) => T)(length);
  for (let i = 0; i < out.length; i += 1) out[i] = values[Math.floor(i / width) * bands + from + (i % width)]!;
  return out;
}

/** Greys come as colours where what is opaque is kept: it is lost on the way to greys. */
const COLOURS = { uchar: 'srgb', ushort: 'rgb16' } as const;

/** Of what comes out: a colour profile only leads to sRGB, and floats stay what they are. */
function colourspace({ grey, depth, linear }: ImageHeader, icc: boolean): string {
  if (depth === 'float') return grey ? 'b-w' : linear ? 'scrgb' : 'srgb';
  if (depth === 'ushort') return grey ? 'grey16' : 'rgb16';
  return grey && !icc ? 'b-w' : 'srgb';
}
