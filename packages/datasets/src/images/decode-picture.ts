import type { ImageHeader } from './image-header.ts';
import type { Preprocess } from './preprocess.ts';
import type { Picture } from './resample/resample.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { floatsToBytes, wordsToBytes } from './to-bytes.ts';
import { withReason } from './with-reason.ts';

/**
 * Every pixel of the picture in its own size: grey pictures with one band, others red, green and blue. JPEGs are never shrunk while they are
 * decoded: that averages in another way than any resizing does.
 */
export async function decodePicture(bytes: Buffer, header: ImageHeader, preprocess: Preprocess): Promise<Picture> {
  const { depth } = header;
  const { icc = false, exif = true, alpha = 'black' } = preprocess;
  const { data, info } = await withReason(() => {
    const image = sharp(bytes, { ...UNTRUSTED, autoOrient: exif, ignoreIcc: !icc });
    if (alpha === 'ignore') image.removeAlpha();
    else image.flatten({ background: alpha === 'white' ? '#fff' : '#000' });
    return image.toColourspace(colourspace(header, icc)).raw({ depth }).toBuffer({ resolveWithObject: true });
  });
  const { width, height, channels: bands } = info;
  const values = data.length / (depth === 'uchar' ? 1 : depth === 'ushort' ? 2 : 4);
  if (depth === 'uchar') return { data, width, height, bands };
  const wide =
    depth === 'ushort'
      ? wordsToBytes(new Uint16Array(data.buffer, data.byteOffset, values), preprocess.depth)
      : floatsToBytes(new Float32Array(data.buffer, data.byteOffset, values));
  return { data: wide, width, height, bands };
}

/** Of what comes out: a colour profile only leads to sRGB, and floats stay what they are. */
function colourspace({ grey, depth, linear }: ImageHeader, icc: boolean): string {
  if (depth === 'float') return grey ? 'b-w' : linear ? 'scrgb' : 'srgb';
  if (depth === 'ushort') return grey ? 'grey16' : 'rgb16';
  return grey && !icc ? 'b-w' : 'srgb';
}
