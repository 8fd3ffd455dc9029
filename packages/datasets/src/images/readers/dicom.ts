import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { LIMITS } from '../../limits.ts';
import type { ImageHeader } from '../header.ts';
import { storedSamples, type StoredFrame } from './dicom-frame.ts';
import { greyLevels, type Levels } from './dicom-levels.ts';
import { NotRead, type PictureReader } from './reader.ts';

/** The usual tools that write what is read here. */
const CONVERT = 'convert it with dcmtk (dcmj2pnm, dcmdjpeg) or GDCM (gdcmconv --raw)';

/** How a DICOM file says that its pixels are laid out. */
interface DicomHeader extends ImageHeader, StoredFrame {
  readonly levels: Levels;
}

/** DICOM (part 10): the first frame, grey or in colours, by its window where it has one. */
export const dicom: PictureReader = {
  format: 'dcm',
  begins: (bytes) => bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM',
  header: (bytes) => headerOf(parse(bytes)),
  async read(bytes) {
    const data = parse(bytes);
    const header = headerOf(data);
    const { width, height, bands, levels } = header;
    const stored = await storedSamples(data, header);
    if (bands === 3) return { values: colours(stored, levels.bits), width, height, bands };
    return { width, height, bands: 1, ...greyLevels(stored, levels) };
  },
};

function parse(bytes: Buffer): DataSet {
  const inflater = (file: Uint8Array, from: number): Uint8Array =>
    Buffer.concat([
      file.subarray(0, from),
      inflateRawSync(file.subarray(from), { maxOutputLength: 4 * LIMITS.imageBytes }),
    ]);
  try {
    return dicomParser.parseDicom(bytes, { inflater });
  } catch (error) {
    // It throws words, or an object with an exception of words.
    const said = (error as { readonly exception?: unknown } | undefined)?.exception ?? error;
    const reason = said instanceof Error ? said.message : typeof said === 'string' ? said : 'it is cut off';
    throw new Error(`DICOM that cannot be read: ${reason}`, { cause: error });
  }
}

function headerOf(data: DataSet): DicomHeader {
  const [height = 0, width = 0] = [data.uint16('x00280010'), data.uint16('x00280011')];
  const bands = data.uint16('x00280002') ?? 1;
  const allocated = data.uint16('x00280100') ?? 0;
  const bits = data.uint16('x00280101') ?? allocated;
  const high = data.uint16('x00280102') ?? bits - 1;
  const photometric = (data.string('x00280004') ?? '').trim();
  if (!('x7fe00010' in data.elements)) throw new Error('DICOM without pixels');
  if (width < 1 || height < 1) throw new Error(`a picture of ${width} x ${height} pixels`);
  const grey = photometric === 'MONOCHROME1' || photometric === 'MONOCHROME2';
  if (grey ? bands !== 1 : bands !== 3 || photometric === 'PALETTE COLOR') {
    throw new NotRead(`DICOM of kind ${photometric || 'unknown'} with ${bands} samples a pixel`, CONVERT);
  }
  if ((allocated !== 8 && allocated !== 16) || (!grey && allocated !== 8)) {
    throw new NotRead(`DICOM of ${allocated} bits ${grey ? 'grey' : 'a colour'}`, CONVERT);
  }
  if (bits < 1 || bits > allocated || high + 1 < bits || high >= allocated)
    throw new Error(`${bits} bits to bit ${high}`);
  const signed = data.uint16('x00280103') === 1;
  return {
    ...{ width, height, grey, depth: allocated === 8 ? 'uchar' : 'ushort', linear: false, bands: grey ? 1 : 3 },
    ...{ bytesPerSample: allocated === 8 ? 1 : 2, bits, high, signed, photometric },
    planar: data.uint16('x00280006') === 1,
    syntax: (data.string('x00020010') ?? '').trim(),
    frames: data.intString('x00280008') ?? 1,
    levels: {
      ...{ bits, signed, inverted: photometric === 'MONOCHROME1' },
      slope: finite(data.floatString('x00281053')) ?? 1,
      intercept: finite(data.floatString('x00281052')) ?? 0,
      ...windowOf(data),
    },
  };
}

function windowOf(data: DataSet): Pick<Levels, 'window'> {
  const [centre, width] = [finite(data.floatString('x00281050')), finite(data.floatString('x00281051'))];
  if (centre === undefined || width === undefined || width <= 0) return {};
  return { window: { centre, width, shape: (data.string('x00281056') ?? 'LINEAR').trim() } };
}

const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;

function colours(stored: ArrayLike<number>, bits: number): Uint8Array {
  const most = 2 ** bits - 1;
  return Uint8Array.from(stored, (value) => (most === 255 ? value : Math.round((value * 255) / most)));
}
