import { describe, expect, it } from 'vitest';
import { packDataset } from '../../archive/pack-dataset.ts';
import { bmpOf, words } from '../../testing/bmp-files.ts';
import { failureOf, folderOf } from '../../testing/folder.ts';
import { decodeImage } from '../decode-image.ts';
import { inspectImage } from '../inspect-image.ts';
import type { Preprocess } from '../preprocess.ts';
import { sharp } from '../sharp.ts';

const RAW: Preprocess = { channels: 'rgb', range: [0, 255], mean: [0], std: [1] };
const GREY: Preprocess = { ...RAW, channels: 'grey' };

async function decode(
  bytes: Buffer,
  [height, width]: readonly [number, number],
  preprocess: Preprocess = RAW,
): Promise<number[]> {
  const channels = { rgb: 3, bgr: 3, grey: 1, rgba: 4, bgra: 4 }[preprocess.channels];
  const out = new Float32Array(channels * height * width);
  await decodeImage(bytes, preprocess, { channels, height, width }, out, 0);
  return [...out];
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe('PGM and PPM', () => {
  it.each<[string, Buffer, number[]]>([
    ['P2', text('P2\n# made by hand\n3 1 # wide\n255\n0 100\n255'), [0, 100, 255]],
    ['P5', Buffer.concat([text('P5 3 1 255\n'), bytes(10, 0, 200)]), [10, 0, 200]],
    ['P5 of a smaller maxval', Buffer.concat([text('P5\n3 1\n100\n'), bytes(0, 50, 100)]), [0, 128, 255]],
    ['P5 of 12 bits', Buffer.concat([text('P5\n3\t1\r4095\n'), bytes(0, 0, 8, 0, 15, 255)]), [0, 128, 255]],
    ['P5 of 16 bits', Buffer.concat([text('P5\n3 1 65535\n'), bytes(0, 0, 1, 1, 255, 255)]), [0, 1, 255]],
    ['P2 of 16 bits', text('P2 3 1 65535 0 257 65535\n'), [0, 1, 255]],
  ])('of kind %s are read', async (_, file, wanted) => {
    expect(await decode(file, [1, 3], GREY)).toEqual(wanted);
  });

  it('in colour are read', async () => {
    expect(await decode(text('P3 2 1 255 1 2 3 4 5 6'), [1, 2])).toEqual([1, 4, 2, 5, 3, 6]);
    expect(await decode(Buffer.concat([text('P6 2 1 255\n'), bytes(1, 2, 3, 4, 5, 6)]), [1, 2])).toEqual([
      1, 4, 2, 5, 3, 6,
    ]);
  });

  it('go by the depth that is declared rather than by their maxval', async () => {
    const file = Buffer.concat([text('P5\n2 1\n65535\n'), bytes(0, 0, 15, 255)]);
    expect(await decode(file, [1, 2], GREY)).toEqual([0, 16]);
    expect(await decode(file, [1, 2], { ...GREY, depth: 12 })).toEqual([0, 255]);
  });

  it.each<[string, Buffer]>([
    ['pixels that are cut off', Buffer.concat([text('P5 3 1 255\n'), bytes(1, 2)])],
    ['words that are cut off', Buffer.concat([text('P5 1 1 256\n'), bytes(1)])],
    ['text that is cut off', text('P2 3 1 255 1 2')],
    ['a value above maxval', text('P2 2 1 9 1 10')],
    ['a value that is no number', text('P2 2 1 9 1 x')],
    ['no maxval', text('P5 3 1\n')],
    ['maxval 0', text('P5 1 1 0\n\0')],
    ['no width', text('P5 0 1 255\n')],
    ['a length that no number holds', text('P5 99999999999999999999 1 255\n')],
  ])('with %s are refused', async (_, file) => {
    const failure = await failureOf(inspectImage(file, 'bad.pgm'));
    expect([failure.code, failure.where]).toEqual(['DATASET_IMAGE_UNREADABLE', 'bad.pgm']);
  });

  it('are refused by their header where they are too large', async () => {
    expect((await failureOf(inspectImage(text('P5 90000 90000 255\n'), 'x'))).code).toBe('DATASET_IMAGE_TOO_LARGE');
    expect((await failureOf(decode(text('P2 90000 90000 255\n'), [1, 1]))).code).toBe('DATASET_IMAGE_TOO_LARGE');
  });
});

describe('BMP', () => {
  const DARK = 0x0a141e;
  it.each<[string, Buffer]>([
    ['24 bits, from below', bmpOf({ width: 1, height: 2, bits: 24, pixels: bytes(3, 2, 1, 0, 30, 20, 10, 0) })],
    ['24 bits, from above', bmpOf({ width: 1, height: -2, bits: 24, pixels: bytes(30, 20, 10, 0, 3, 2, 1, 0) })],
    ['32 bits', bmpOf({ width: 1, height: 2, bits: 32, pixels: words(0x010203, DARK) })],
    [
      '32 bits with fields',
      bmpOf({
        ...{ width: 1, height: 2, bits: 32, compression: 3, behind: words(0xff, 0xff00, 0xff0000) },
        pixels: words(0x030201, 0x1e140a),
      }),
    ],
    [
      '8 bits of a table',
      bmpOf({ width: 1, height: 2, bits: 8, behind: table(0x010203, DARK), pixels: bytes(0, 0, 0, 0, 1, 0, 0, 0) }),
    ],
    [
      '8 bits in runs',
      bmpOf({
        ...{ width: 1, height: 2, bits: 8, compression: 1, behind: table(0x010203, DARK) },
        pixels: bytes(1, 0, 0, 0, 1, 1, 0, 1),
      }),
    ],
    [
      '1 bit',
      bmpOf({ width: 1, height: 2, bits: 1, behind: words(0x010203, DARK), pixels: bytes(0, 0, 0, 0, 128, 0, 0, 0) }),
    ],
  ])('of %s is read', async (_, file) => {
    expect(await decode(file, [2, 1])).toEqual([10, 1, 20, 2, 30, 3]);
  });

  it('of 16 bits has 5 for each colour', async () => {
    const file = bmpOf({ width: 2, height: 1, bits: 16, pixels: bytes(0xff, 0x7f, 0x00, 0x7c) });
    expect(await decode(file, [1, 2])).toEqual([255, 255, 255, 0, 255, 0]);
  });

  it('has an alpha channel where its fields name one', async () => {
    const masks = words(0xff0000, 0xff00, 0xff, 0xff000000);
    const file = bmpOf({ width: 1, height: 1, bits: 32, compression: 6, behind: masks, pixels: words(0x80c86432) });
    expect(await decode(file, [1, 1], { ...RAW, channels: 'rgba' })).toEqual([200, 100, 50, 128]);
    expect(await decode(file, [1, 1])).toEqual([100, 50, 25]);
    expect(await decode(file, [1, 1], { ...RAW, alpha: 'ignore' })).toEqual([200, 100, 50]);
    expect(await decode(file, [1, 1], { ...RAW, alpha: 'white' })).toEqual([227, 177, 152]);
  });

  it.each<[string, Buffer]>([
    ['pixels that are cut off', bmpOf({ width: 4, height: 4, bits: 24, pixels: bytes(1, 2, 3) })],
    ['a colour that its table lacks', bmpOf({ width: 1, height: 1, bits: 4, pixels: Buffer.alloc(4) })],
    [
      'a run that leaves the picture',
      bmpOf({ width: 1, height: 1, bits: 8, compression: 1, behind: table(1), pixels: bytes(9, 0, 0, 1) }),
    ],
    ['bits that no bitmap has', bmpOf({ width: 1, height: 1, bits: 5, pixels: Buffer.alloc(4) })],
    ['another compression', bmpOf({ width: 1, height: 1, bits: 24, compression: 4, pixels: Buffer.alloc(4) })],
    ['no width', bmpOf({ width: 0, height: 1, bits: 24, pixels: Buffer.alloc(4) })],
    ['a header of another size', Buffer.concat([text('BM'), Buffer.alloc(60)])],
  ])('with %s is refused', async (_, file) => {
    expect((await failureOf(inspectImage(file, 'x'))).code).toBe('DATASET_IMAGE_UNREADABLE');
  });

  function table(...colours: readonly number[]): Buffer {
    return Buffer.concat([words(...colours), Buffer.alloc((256 - colours.length) * 4)]);
  }
});

describe('an import', () => {
  it('says by which range pictures of more than 8 bits are read, and warns of several', async () => {
    const png = (most: number, i: number): Promise<Buffer> =>
      sharp(Uint16Array.of(i, most, 0, most), { raw: { width: 2, height: 2, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer();
    const folder = await folderOf({
      'a/1.png': await png(4095, 1),
      'a/2.png': await png(4000, 2),
      'a/3.pgm': text('P2 2 1 1023 1 1000'),
      'b/4.png': await png(900, 4),
      'b/5.bmp': bmpOf({ width: 1, height: 1, bits: 24, pixels: bytes(1, 2, 3, 0) }),
      'b/6.png': await png(4095, 1),
    });
    const { manifest } = await packDataset(folder, { out: `${await folderOf()}/set.tar` });
    expect(manifest.images).toEqual(['a/1.png', 'a/2.png', 'a/3.pgm', 'b/4.png', 'b/5.bmp']);
    expect(manifest.notes.slice(-4)).toEqual([
      '1 of 5 pictures have 16 bits, 10 in use: scaled by 1023',
      '2 of 5 pictures have 16 bits, 12 in use: scaled by 4095',
      '1 of 5 pictures have values up to 1023 (maxval): scaled by 1023',
      'pictures of 16 bits are scaled unalike: "depth" in the preprocessing says how many bits all use',
    ]);
  });
});
