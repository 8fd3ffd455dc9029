import { describe, expect, it } from 'vitest';
import { bmpOf } from '../testing/bmp-files.ts';
import { dicomOf } from '../testing/dicom-files.ts';
import { failureOf, pngBomb } from '../testing/folder.ts';
import { checkDecoded } from './checks.ts';
import { readImageHeader } from './image-header.ts';
import { inspectImage } from './inspect-image.ts';

/** Just above 64 million pixels. */
const [WIDTH, HEIGHT] = [8001, 8000];

/** The codestream of a JPEG 2000 as far as its size: SOC, then SIZ of one component of 8 bits. */
function jpeg2000Of(width: number, height: number): Buffer {
  const sizes = [width, height, 0, 0, width, height, 0, 0].map((size) => {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(size);
    return word;
  });
  return Buffer.concat([Buffer.from('ff4fff5100290000', 'hex'), ...sizes, Buffer.from('0001070101ffd9', 'hex')]);
}

/** One pixel of so many bytes, as an uncompressed TIFF. */
function tiffOf(bands: number): Buffer {
  const [short, long] = [3, 4];
  const bits = 8;
  const pixels = bits + 2 * bands;
  const directory = pixels + bands + (bands % 2);
  const entries = [
    [256, short, 1, 1],
    [257, short, 1, 1],
    [258, short, bands, bits],
    [259, short, 1, 1],
    [262, short, 1, 1],
    [273, long, 1, pixels],
    [277, short, 1, bands],
    [278, short, 1, 1],
    [279, long, 1, bands],
  ] as const;
  const file = Buffer.alloc(directory + 2 + entries.length * 12 + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(directory, 4);
  for (let i = 0; i < bands; i += 1) file.writeUInt16LE(8, bits + 2 * i);
  file.writeUInt16LE(entries.length, directory);
  entries.forEach(([tag, type, count, value], i) => {
    const at = directory + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  return file;
}

describe('a picture is judged by its header, before a pixel is decoded', () => {
  it.each<[string, Buffer]>([
    ['PNG', pngBomb(WIDTH, HEIGHT)],
    ['BMP', bmpOf({ width: WIDTH, height: HEIGHT, bits: 24, pixels: Buffer.alloc(0) })],
    ['PGM', Buffer.from(`P5 ${WIDTH} ${HEIGHT} 255\n`)],
    ['PPM as text', Buffer.from(`P3 ${WIDTH} ${HEIGHT} 255\n`)],
    ['JPEG 2000', jpeg2000Of(WIDTH, HEIGHT)],
    ['DICOM', dicomOf({ rows: HEIGHT, columns: WIDTH, pixels: Buffer.alloc(2) })],
  ])('%s of 64 million and some pixels is too large', async (_format, bytes) => {
    for (const look of [inspectImage, readImageHeader]) {
      const { code, where } = await failureOf(look(bytes, 'x'));
      expect({ code, where }).toEqual({ code: 'DATASET_IMAGE_TOO_LARGE', where: 'x' });
    }
  });

  it('TIFF of more values a pixel than any picture has is too large', async () => {
    const failure = await failureOf(inspectImage(tiffOf(6), 'x'));
    expect([failure.code, failure.message]).toEqual([
      'DATASET_IMAGE_TOO_LARGE',
      'the image has too many values a pixel',
    ]);
    expect((await readImageHeader(tiffOf(3), 'x')).width).toBe(1);
  });

  it('what takes more than a gigabyte when it is decoded is too large, whatever its pixels are', async () => {
    const picture = { width: 8000, height: 8000, channels: 4 };
    checkDecoded({ ...picture, depth: 'float' }, 'x');
    const over = Promise.resolve().then(() => checkDecoded({ ...picture, channels: 5, depth: 'float' }, 'x'));
    expect((await failureOf(over)).message).toBe('the image takes 1280000000 bytes when it is decoded');
  });
});
