import { decodeJpeg2000, type Samples } from './decode-jpeg2000.ts';
import { CODESTREAM, JP2, jpeg2000Header } from './jpeg2000-header.ts';
import { NotRead, type PictureReader, type ReadPicture } from './reader.ts';

/** JPEG 2000, as a JP2 file or a codestream, of 1 to 16 bits without sign. */
export const jpeg2000: PictureReader = {
  format: 'jpx',
  begins: (bytes) => [JP2, CODESTREAM].some((wanted) => wanted.every((byte, i) => bytes[i] === byte)),
  header: jpeg2000Header,
  async read(bytes) {
    const header = jpeg2000Header(bytes);
    if (header.signed) throw new NotRead('JPEG 2000 of numbers with a sign', 'convert it to PNG or TIFF');
    return pictureOf(await decodeJpeg2000(bytes, header));
  },
};

function pictureOf({ samples, width, height, bands, bits }: Samples): ReadPicture {
  const values = samples instanceof Uint16Array || samples instanceof Uint8Array ? samples : new Uint8Array(samples);
  const most = 2 ** bits - 1;
  const reading = bits === 8 ? {} : { reading: `${bits} bits (JPEG 2000): scaled by ${most}` };
  const said = { width, height, most, ...reading };
  if (bands === 1 || bands === 3 || bands === 4) return { values, bands, ...said };
  // Grey and how opaque it is, as colours.
  const four = values instanceof Uint16Array ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  for (let i = 0; i < four.length; i += 1) four[i] = values[(i >> 2) * 2 + (i % 4 === 3 ? 1 : 0)]!;
  return { values: four, bands: 4, ...said };
}
