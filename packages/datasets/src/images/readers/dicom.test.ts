import { deflateRawSync } from 'node:zlib';
import createJ2k from '@cornerstonejs/codec-openjpeg/wasmjs';
import { describe, expect, it } from 'vitest';
import { type DicomElement, dicomOf, EXPLICIT } from '../../testing/dicom-files.ts';
import { failureOf } from '../../testing/folder.ts';
import { decodeImage } from '../decode-image.ts';
import { inspectImage } from '../inspect-image.ts';
import type { Preprocess } from '../preprocess.ts';
import { sharp } from '../sharp.ts';

const GREY: Preprocess = { channels: 'grey', range: [0, 255], mean: [0], std: [1] };
const RGB: Preprocess = { ...GREY, channels: 'rgb' };
const SYNTAX = '1.2.840.10008.1.2.';

async function decode(file: Buffer, width: number, height: number, preprocess = GREY): Promise<number[]> {
  const channels = preprocess.channels === 'grey' ? 1 : 3;
  const out = new Float32Array(channels * width * height);
  await decodeImage(file, preprocess, { channels, height, width }, out, 0);
  return [...out];
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16LE(value & 0xffff, 2 * i));
  return bytes;
}

/** A codestream of one grey component of 12 bits in its boxes: signature, kind of file, header with size and colour space, contents. */
function jp2Of(stream: Buffer, width: number, height: number): Buffer {
  const box = (name: string, ...contents: readonly Buffer[]): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + contents.reduce((sum, { length }) => sum + length, 0));
    head.write(name, 4, 'latin1');
    return Buffer.concat([head, ...contents]);
  };
  const size = Buffer.from('000000000000000000010b070000', 'hex');
  size.writeUInt32BE(height, 0);
  size.writeUInt32BE(width, 4);
  const colours = Buffer.from('01000000000011', 'hex');
  return Buffer.concat([
    box('jP  ', Buffer.from('0d0a870a', 'hex')),
    box('ftyp', Buffer.from('6a703220000000006a703220', 'hex')),
    box('jp2h', box('ihdr', size), box('colr', colours)),
    box('jp2c', stream),
  ]);
}

const bits12 = [16, 12, 11] as const;
const row = (pixels: Buffer, more: readonly DicomElement[] = []): Buffer =>
  dicomOf({ rows: 1, columns: 4, bits: bits12, pixels, more });

describe('DICOM', () => {
  it('of 12 bits stored is scaled by them, whatever lies in the other four', async () => {
    const file = row(words(0, 2048, 4095, 0xf000 + 1024));
    expect(await decode(file, 4, 1)).toEqual([0, 128, 255, 64]);
    expect((await inspectImage(file, 'x')).reading).toBe('12 bits stored (DICOM): scaled by 4095');
  });

  it('is read by its window, on the scale of slope and intercept', async () => {
    const more: DicomElement[] = [
      ['00281050', 'DS', '40\\600'],
      ['00281051', 'DS', '400\\1600'],
      ['00281052', 'DS', '-1024'],
      ['00281053', 'DS', '1'],
    ];
    // Hounsfield −160.5, 40 and 240: black, the middle, white.
    const file = row(words(0, 863, 1064, 1264), more);
    expect(await decode(file, 4, 1)).toEqual([0, 0, 128, 255]);
    expect((await inspectImage(file, 'x')).reading).toContain('a window (DICOM)');
  });

  it('of MONOCHROME1 has its least value white', async () => {
    const file = dicomOf({ rows: 1, columns: 2, photometric: 'MONOCHROME1', pixels: Buffer.from([0, 200]) });
    expect(await decode(file, 2, 1)).toEqual([255, 55]);
  });

  it('with a sign has its least number black', async () => {
    const file = row(words(-2048, 0, 2047, -1024), [['00280103', 'US', 1]]);
    expect(await decode(file, 4, 1)).toEqual([0, 128, 255, 64]);
  });

  it('in colours is read pixel by pixel, plane by plane, and as luma and chroma', async () => {
    const colours = (photometric: string, planar: number, pixels: number[]): Buffer =>
      dicomOf({ rows: 1, columns: 2, photometric, more: [['00280006', 'US', planar]], pixels: Buffer.from(pixels) });
    const wanted = [10, 40, 20, 50, 30, 60];
    expect(await decode(colours('RGB', 0, [10, 20, 30, 40, 50, 60]), 2, 1, RGB)).toEqual(wanted);
    expect(await decode(colours('RGB', 1, wanted), 2, 1, RGB)).toEqual(wanted);
    expect(await decode(colours('YBR_FULL', 0, [76, 85, 255, 128, 128, 128]), 2, 1, RGB)).toEqual([
      254, 128, 0, 128, 0, 128,
    ]);
  });

  it('is read where the same is written deflated', async () => {
    const plain = row(words(0, 2048, 4095, 1024));
    const start = plain.indexOf(Buffer.from('28000200', 'hex'));
    const deflated = dicomOf({ syntax: `${EXPLICIT}.99`, rows: 1, columns: 4, bits: bits12, pixels: words() });
    const own = deflated.subarray(0, deflated.indexOf(Buffer.from('28000200', 'hex')));
    expect(await decode(Buffer.concat([own, deflateRawSync(plain.subarray(start))]), 4, 1)).toEqual([0, 128, 255, 64]);
  });

  const VALUES = Array.from({ length: 48 }, (_, i) => (i * 577) % 4096);
  const LEVELS = VALUES.map((value) => Math.round((value * 255) / 4095));
  const packed = (syntax: string, ...pixels: readonly Buffer[]): Buffer =>
    dicomOf({ syntax: SYNTAX + syntax, rows: 6, columns: 8, bits: bits12, pixels });
  const frame = { width: 8, height: 6, bitsPerSample: 12, componentCount: 1, isSigned: false };

  it.each(['4.90', '4.91'])('of JPEG 2000 (%s) is read, from several fragments too', async (syntax) => {
    const encoder = new (await createJ2k()).J2KEncoder();
    encoder.getDecodedBuffer(frame).set(words(...VALUES));
    encoder.setDecompositions(1);
    encoder.setQuality(true, 0);
    encoder.encode();
    const stream = Buffer.from(encoder.getEncodedBuffer());
    expect(await decode(packed(syntax, stream), 8, 6)).toEqual(LEVELS);
    const even = 2 * Math.floor(stream.length / 4);
    expect(await decode(packed(syntax, stream.subarray(0, even), stream.subarray(even)), 8, 6)).toEqual(LEVELS);
    // The bare codestream is a picture of its own.
    expect(await decode(stream, 8, 6)).toEqual(LEVELS);
    expect(await inspectImage(stream, 'x')).toEqual({
      format: 'jpx',
      reading: '12 bits (JPEG 2000): scaled by 4095',
    });
    expect(await decode(jp2Of(stream, 8, 6), 8, 6)).toEqual(LEVELS);
    const other = dicomOf({ syntax: SYNTAX + syntax, rows: 2, columns: 2, bits: bits12, pixels: [stream] });
    expect((await failureOf(inspectImage(other, 'x'))).message).toContain('8 x 6 pixels within another size');
    for (const length of [40, stream.length - 20]) {
      const cut = await failureOf(inspectImage(stream.subarray(0, length), 'x'));
      expect([cut.code, cut.message]).toEqual(['DATASET_IMAGE_UNREADABLE', expect.stringContaining('cut off')]);
    }
  });

  it('of runs is read: the high bytes first, then the low ones', async () => {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(2, 0);
    header.writeUInt32LE(64, 4);
    header.writeUInt32LE(66, 8);
    // Four times 8; then 0, 0, 255 as they are and once 1.
    const stream = Buffer.concat([header, Buffer.from([253, 8, 2, 0, 0, 255, 0, 1])]);
    const file = dicomOf({ syntax: `${SYNTAX}5`, rows: 1, columns: 4, bits: bits12, pixels: [stream] });
    expect(await decode(file, 4, 1)).toEqual([0x800, 0x800, 0x8ff, 0x801].map((v) => Math.round((v * 255) / 4095)));
    const cut = dicomOf({ syntax: `${SYNTAX}5`, rows: 9, columns: 9, bits: bits12, pixels: [stream] });
    expect((await failureOf(inspectImage(cut, 'x'))).message).toContain('the runs are cut off');
  });

  it('of JPEG is read where it has 8 bits', async () => {
    const flat = sharp({ create: { width: 8, height: 8, channels: 3, background: '#646464' } });
    const stream = await flat.toColourspace('b-w').jpeg({ quality: 100 }).toBuffer();
    const file = dicomOf({ syntax: `${SYNTAX}4.50`, rows: 8, columns: 8, pixels: [stream] });
    expect(new Set(await decode(file, 8, 8))).toEqual(new Set([100]));
  });

  it.each<[string, Buffer]>([
    ['JPEG of 12 bits', packed('4.51', Buffer.from([0xff, 0xd8]))],
    ['an unknown transfer syntax', packed('4.999', Buffer.alloc(2))],
    ['JPEG-LS', packed('4.80', Buffer.alloc(2))],
    ['a table of colours', dicomOf({ rows: 1, columns: 1, photometric: 'PALETTE COLOR', pixels: Buffer.alloc(3) })],
    ['32 bits', dicomOf({ rows: 1, columns: 1, bits: [32, 32, 31], pixels: Buffer.alloc(4) })],
  ])('with %s is refused with a way to convert it', async (_, file) => {
    const failure = await failureOf(inspectImage(file, 'scan.dcm'));
    expect([failure.code, failure.where]).toEqual(['DATASET_IMAGE_FORMAT', 'scan.dcm']);
    expect(failure.fix).toMatch(/dcmtk|GDCM|gdcmconv/);
  });

  it.each<[string, Buffer, string]>([
    ['pixels that are cut off', row(words(1, 2)), 'DATASET_IMAGE_UNREADABLE'],
    ['a file that is cut off', row(words(1, 2, 3, 4)).subarray(0, 200), 'DATASET_IMAGE_UNREADABLE'],
    [
      'more bits than there is room for',
      dicomOf({ rows: 1, columns: 1, bits: [8, 12, 11], pixels: Buffer.alloc(2) }),
      'DATASET_IMAGE_UNREADABLE',
    ],
    ['too many pixels', dicomOf({ rows: 60_000, columns: 60_000, pixels: Buffer.alloc(2) }), 'DATASET_IMAGE_TOO_LARGE'],
  ])('with %s is refused', async (_, file, code) => {
    expect((await failureOf(inspectImage(file, 'x'))).code).toBe(code);
    expect((await failureOf(decode(file, 1, 1))).code).toBe(code);
  });
});
