import type { ImageHeader } from './image-header.ts';
import { hasAlpha, type Preprocess } from './preprocess.ts';
import type { Picture } from './resample/resample.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { floatsToBytes, wordsToBytes } from './to-bytes.ts';
import { withReason } from './with-reason.ts';

/**
 * Every pixel of the picture in its own size: grey pictures with one band, others red, green and blue. JPEGs are never shrunk while they are
 * decoded: that averages in another way than any resizing does. Where the alpha channel is wanted, it comes beside the colours, which stay
 * what they are under it; a picture without one is opaque.
 */
export async function decodePicture(bytes: Buffer, header: ImageHeader, preprocess: Preprocess): Promise<Picture> {
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
  const values = data.length / { uchar: 1, ushort: 2, float: 4 }[depth];
  const all =
    depth === 'uchar'
      ? data
      : depth === 'ushort'
        ? new Uint16Array(data.buffer, data.byteOffset, values)
        : new Float32Array(data.buffer, data.byteOffset, values);
  if (!hasAlpha(preprocess)) return { data: toBytes(all, preprocess), width, height, bands };
  // Of a grey picture of floats the colours alone come.
  if (bands % 2 === 1) return { data: toBytes(all, preprocess), width, height, bands, alpha: opaque(width * height) };
  const colours = split(all, bands, 0, bands - 1);
  // How opaque a pixel is has a scale of its own.
  const alpha8 = toBytes(split(all, bands, bands - 1, bands), { depth: 16 });
  return { data: toBytes(colours, preprocess), width, height, bands: bands - 1, alpha: alpha8 };
}

const opaque = (pixels: number): Uint8Array => new Uint8Array(pixels).fill(255);

type Values = Uint8Array | Uint16Array | Float32Array;

function toBytes(values: Values, { depth }: Pick<Preprocess, 'depth'>): Uint8Array {
  if (values instanceof Uint8Array) return values;
  return values instanceof Uint16Array ? wordsToBytes(values, depth) : floatsToBytes(values);
}

/** Bands [from, to) of interleaved pixels. */
function split<T extends Values>(values: T, bands: number, from: number, to: number): T {
  const width = to - from;
  const out = new (values.constructor as new (length: number) => T)((values.length / bands) * width);
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
