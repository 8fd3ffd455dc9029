import { describe, expect, it } from 'vitest';
import { failureOf, pngBomb } from '../testing/folder.ts';
import { decodeImage } from './decode-image.ts';
import { DEFAULT_PREPROCESS, type Preprocess } from './preprocess.ts';
import { resample } from './resample/resample.ts';
import { sharp } from './sharp.ts';

const RAW: Preprocess = { channels: 'rgb', range: [0, 255], mean: [0], std: [1] };

/** 2 x 1 pixels: (10, 20, 30) and (40, 50, 60). */
const TWO = sharp(Buffer.from([10, 20, 30, 40, 50, 60]), { raw: { width: 2, height: 1, channels: 3 } });

async function decode(
  bytes: Buffer,
  preprocess: Preprocess,
  [channels, height, width]: [number, number, number],
): Promise<number[]> {
  const out = new Float32Array(channels * height * width);
  await decodeImage(bytes, preprocess, { channels, height, width }, out, 0);
  return [...out];
}

/** One row of 32-bit floats as an uncompressed TIFF, which no encoder here writes. */
function floatTiff(values: readonly number[]): Buffer {
  const [short, long] = [3, 4];
  // Tag, type, value: width, height, bits, no compression, black is zero, where the row lies, bands, rows, bytes, IEEE floats.
  const entries = [
    [256, short, values.length],
    [257, short, 1],
    [258, short, 32],
    [259, short, 1],
    [262, short, 1],
    [273, long, 8],
    [277, short, 1],
    [278, short, 1],
    [279, long, values.length * 4],
    [339, short, 3],
  ] as const;
  const directory = 8 + values.length * 4;
  const file = Buffer.alloc(directory + 2 + entries.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directory, 4);
  values.forEach((value, i) => file.writeFloatLE(value, 8 + i * 4));
  file.writeUInt16LE(entries.length, directory);
  entries.forEach(([tag, type, value], i) => {
    const at = directory + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  return file;
}

describe('decodeImage', () => {
  it('lays an image out plane by plane, in the order of channels that the model reads', async () => {
    const png = await TWO.clone().png().toBuffer();
    expect(await decode(png, RAW, [3, 1, 2])).toEqual([10, 40, 20, 50, 30, 60]);
    expect(await decode(png, { ...RAW, channels: 'bgr' }, [3, 1, 2])).toEqual([30, 60, 20, 50, 10, 40]);
  });

  it('applies range, then mean, then std, per channel in the declared order', async () => {
    const png = await TWO.clone().png().toBuffer();
    const bgr = await decode(png, { channels: 'bgr', range: [0, 1], mean: [0.1, 0.2, 0.3], std: [1, 2, 4] }, [3, 1, 2]);
    const wanted = [
      (30 / 255 - 0.1) / 1,
      (60 / 255 - 0.1) / 1,
      (20 / 255 - 0.2) / 2,
      (50 / 255 - 0.2) / 2,
      (10 / 255 - 0.3) / 4,
      (40 / 255 - 0.3) / 4,
    ];
    bgr.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] ?? NaN, 6));
    expect(await decode(png, { ...RAW, mean: [10], std: [10] }, [3, 1, 2])).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('writes at the offset and nowhere else', async () => {
    const out = new Float32Array(10).fill(-1);
    await decodeImage(await TWO.clone().png().toBuffer(), RAW, { channels: 3, height: 1, width: 2 }, out, 2);
    expect([...out]).toEqual([-1, -1, 10, 40, 20, 50, 30, 60, -1, -1]);
  });

  it('turns colour to grey by BT.601, and leaves a grey picture exactly as it is', async () => {
    const grey = { ...RAW, channels: 'grey' } as const;
    const [luma] = await decode(await TWO.clone().png().toBuffer(), grey, [1, 1, 2]);
    expect(luma).toBeCloseTo(0.299 * 10 + 0.587 * 20 + 0.114 * 30, 5);
    const steps = Buffer.from([0, 1, 77, 128, 200, 254, 255]);
    const png = await sharp(steps, { raw: { width: 7, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(await decode(png, grey, [1, 1, 7])).toEqual([...steps]);
    expect(await decode(png, RAW, [3, 1, 7])).toEqual([...steps, ...steps, ...steps]);
    expect(await decode(png, grey, [3, 1, 7])).toEqual([...steps, ...steps, ...steps]);
  });

  it('reads 16 bits as 8', async () => {
    const wide = Uint16Array.from([0, 257 * 100, 65_535, 257 * 7, 257 * 200, 257 * 9]);
    const png = await sharp(wide, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    const header = await sharp(png).metadata();
    expect(header.depth).toBe('ushort');
    expect(await decode(png, RAW, [3, 1, 2])).toEqual([0, 7, 100, 200, 255, 9]);
  });

  it('lays transparency on black, on white, or leaves it out', async () => {
    const pixels = Buffer.from([200, 100, 50, 0, 200, 100, 50, 255]);
    const png = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect(await decode(png, RAW, [3, 1, 2])).toEqual([0, 200, 0, 100, 0, 50]);
    expect(await decode(png, { ...RAW, alpha: 'white' }, [3, 1, 2])).toEqual([255, 200, 255, 100, 255, 50]);
    expect(await decode(png, { ...RAW, alpha: 'ignore' }, [3, 1, 2])).toEqual([200, 200, 100, 100, 50, 50]);
    const grey = await sharp(Buffer.from([200, 0, 100, 255]), { raw: { width: 2, height: 1, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const levels = { ...RAW, channels: 'grey' } as const;
    expect(await decode(grey, levels, [1, 1, 2])).toEqual([0, 100]);
    expect(await decode(grey, { ...levels, alpha: 'ignore' }, [1, 1, 2])).toEqual([200, 100]);
  });

  it('keeps what is opaque as a fourth channel, and takes a picture without one as opaque', async () => {
    const four = { ...RAW, channels: 'rgba' } as const;
    const pixels = Buffer.from([200, 100, 50, 7, 10, 20, 30, 255]);
    const png = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect(await decode(png, four, [4, 1, 2])).toEqual([200, 10, 100, 20, 50, 30, 7, 255]);
    expect(await decode(png, { ...four, channels: 'bgra', std: [1, 1, 1, 255] }, [4, 1, 2])).toEqual([
      ...[50, 30, 100, 20, 200, 10],
      ...[7 / 255, 1].map(Math.fround),
    ]);
    const opaque = await TWO.clone().png().toBuffer();
    expect(await decode(opaque, four, [4, 1, 2])).toEqual([10, 40, 20, 50, 30, 60, 255, 255]);
    const grey = await sharp(Buffer.from([200, 9, 100, 255]), { raw: { width: 2, height: 1, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(await decode(grey, four, [4, 1, 2])).toEqual([200, 100, 200, 100, 200, 100, 9, 255]);
    const wide = Uint16Array.from([0, 257 * 100, 4095, 257 * 9]);
    const words = await sharp(wide, { raw: { width: 1, height: 1, channels: 4 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect(await decode(words, four, [4, 1, 1])).toEqual([0, 100, Math.round(4095 / 257), 9]);
    const box: Preprocess = { ...four, fit: 'letterbox', background: [1, 2, 3] };
    expect((await decode(png, box, [4, 4, 2])).slice(0, 2)).toEqual([1, 1]);
    expect((await decode(png, box, [4, 4, 2])).slice(24, 28)).toEqual([255, 255, 7, 255]);
    await expect(decode(png, RAW, [4, 1, 2])).rejects.toMatchObject({ fix: 'declare "rgba" or "bgra"' });
  });

  it('turns a picture as its EXIF orientation says', async () => {
    const turned = await TWO.clone().tiff({ compression: 'none' }).withMetadata({ orientation: 3 }).toBuffer();
    expect(await decode(turned, RAW, [3, 1, 2])).toEqual([40, 10, 50, 20, 60, 30]);
    const upright = await TWO.clone().tiff({ compression: 'none' }).withMetadata({ orientation: 6 }).toBuffer();
    expect(await decode(upright, RAW, [3, 2, 1])).toEqual([10, 40, 20, 50, 30, 60]);
    expect(await decode(turned, { ...RAW, exif: false }, [3, 1, 2])).toEqual([10, 40, 20, 50, 30, 60]);
  });

  it('takes the first picture of an animation', async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 255), Buffer.alloc(12, 0)]);
    const gif = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } as never })
      .gif({ delay: [50, 50] })
      .toBuffer();
    expect((await sharp(gif).metadata()).pages).toBe(2);
    expect(await decode(gif, RAW, [3, 2, 2])).toEqual(new Array(12).fill(255));
  });

  it('fits a wide picture into a square by stretching, cutting or padding', async () => {
    const pixels = Buffer.concat([Buffer.alloc(3 * 4, 100), Buffer.alloc(3 * 4, 200)]);
    const wide = await sharp(pixels, { raw: { width: 8, height: 1, channels: 3 } })
      .resize(8, 4, { fit: 'fill', kernel: 'nearest' })
      .png()
      .toBuffer();
    const plane = async (fit: 'fill' | 'cover' | 'contain'): Promise<number[]> =>
      (await decode(wide, { ...RAW, fit }, [3, 4, 4])).slice(0, 16);
    expect((await plane('contain')).slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect((await plane('contain'))[4]).toBe(100);
    // A triangle of two output pixels, as PIL and torchvision with antialiasing: (1 3 3 1) / 8 over the edge.
    expect((await plane('fill')).slice(0, 4)).toEqual([100, 113, 188, 200]);
    expect((await plane('cover')).slice(0, 4)).toEqual([100, 100, 200, 200]);
    expect((await plane('cover')).slice(12)).toEqual([100, 100, 200, 200]);
  });

  it('enlarges along either axis without moving the picture', async () => {
    const row = Buffer.from([0, 100, 200, 100]);
    const png = async (width: number, height: number): Promise<Buffer> =>
      sharp(row, { raw: { width, height, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer();
    const grey = { ...RAW, channels: 'grey' } as const;
    const twice = [0, 25, 75, 125, 175, 175, 125, 100];
    expect(await decode(await png(4, 1), grey, [1, 1, 8])).toEqual(twice);
    expect(await decode(await png(1, 4), grey, [1, 8, 1])).toEqual(twice);
    expect(await decode(await png(4, 1), grey, [1, 1, 5])).toEqual([0, 70, 150, 170, 100]);
    expect(await decode(await png(4, 1), RAW, [3, 1, 8])).toEqual([...twice, ...twice, ...twice]);
    // One axis up, the other down.
    expect(await decode(await png(2, 2), grey, [1, 1, 4])).toEqual([100, 100, 100, 100]);
    expect(await decode(await png(4, 1), { ...grey, resize: 'plain' }, [1, 1, 2])).toEqual([50, 150]);
    expect(await decode(await png(4, 1), { ...grey, kernel: 'nearest' }, [1, 1, 2])).toEqual([100, 100]);
  });

  it('averages all pixels of a large JPEG, not those that are left of it after a quick reduction', async () => {
    // Stripes of 200 and 0 in steps of one pixel: a decoder that shrinks by itself turns them into other levels.
    const stripes = Buffer.from(Array.from({ length: 512 * 512 }, (_, i) => ((i % 512) % 5 === 0 ? 250 : 0)));
    const jpeg = await sharp(stripes, { raw: { width: 512, height: 512, channels: 1 } })
      .toColourspace('b-w')
      .jpeg({ quality: 100 })
      .toBuffer();
    const { data } = await sharp(jpeg).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    const whole = { source: 512, target: 40, from: 0, to: 40 };
    const exact = resample(
      { data, width: 512, height: 512, bands: 1 },
      { kernel: 'linear', resampling: 'antialias', columns: whole, rows: whole },
    );
    expect(await decode(jpeg, { ...RAW, channels: 'grey' }, [1, 40, 40])).toEqual([...exact.data]);
  });

  it('draws a letterbox in its colour, where it is said to lie', async () => {
    const png = await TWO.clone().png().toBuffer();
    const box = { ...RAW, fit: 'letterbox', background: [1, 2, 3] } as const satisfies Preprocess;
    expect(await decode(png, box, [3, 3, 2])).toEqual([1, 1, 10, 40, 1, 1, 2, 2, 20, 50, 2, 2, 3, 3, 30, 60, 3, 3]);
    const corner = await decode(png, { ...box, place: 'top-left', channels: 'bgr' }, [3, 2, 2]);
    expect(corner).toEqual([30, 60, 3, 3, 20, 50, 2, 2, 10, 40, 1, 1]);
  });

  it.each([
    ['grey', 1, 'grey16'],
    ['colour', 3, 'rgb16'],
  ] as const)('does not read 12 bits in 16 as black: %s', async (_, channels, space) => {
    for (const format of ['png', 'tiff'] as const) {
      const options = format === 'tiff' ? { compression: 'none' } : {};
      const words = Uint16Array.from(
        { length: 4 * channels },
        (__, i) => [0, 4095, 2048, 1024][Math.floor(i / channels)]!,
      );
      const bytes = await sharp(words, { raw: { width: 4, height: 1, channels } })
        .toColourspace(space)
        .toFormat(format, options)
        .toBuffer();
      const grey = { ...RAW, channels: 'grey' } as const;
      const read = async (settings: Preprocess): Promise<number[]> =>
        (await decode(bytes, settings, [1, 1, 4])).map(Math.round);
      expect(await read(grey)).toEqual([0, 255, 128, 64]);
      expect(await read({ ...grey, depth: 16 })).toEqual([0, 16, 8, 4]);
    }
  });

  it.each([
    ['from 0 to 1', [0, 0.5, 1, 0.25], [0, 128, 255, 64]],
    ['from 0 to 255', [0, 100, 200, 250], [0, 100, 200, 250]],
    ['of any range', [-1000, 0, 1000, 500], [0, 128, 255, 191]],
  ])('reads a picture of floats %s', async (_, values, levels) => {
    const grey = { ...RAW, channels: 'grey' } as const;
    expect((await decode(floatTiff(values), grey, [1, 1, 4])).map(Math.round)).toEqual(levels);
  });

  it('ignores colour profiles, unless it is told to follow them', async () => {
    const png = await TWO.clone().withIccProfile('p3').png().toBuffer();
    const stored = [...(await sharp(png, { ignoreIcc: true }).raw().toBuffer())];
    const planes = (pixels: number[]): number[] => [0, 3, 1, 4, 2, 5].map((at) => pixels[at]!);
    expect(await decode(png, RAW, [3, 1, 2])).toEqual(planes(stored));
    const followed = await decode(png, { ...RAW, icc: true }, [3, 1, 2]);
    expect(followed).not.toEqual(planes(stored));
    followed.forEach((value, i) => expect(Math.abs(value - [10, 40, 20, 50, 30, 60][i]!)).toBeLessThanOrEqual(3));
  });

  it('shrinks by averaging, so that fine patterns do not turn into false ones', async () => {
    const stripes = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 2) * 200));
    const png = await sharp(stripes, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    for (const value of await decode(png, RAW, [3, 8, 8])) expect(Math.abs(value - 100)).toBeLessThan(15);
  });

  it.each([
    ['no bytes', Buffer.alloc(0), 'DATASET_IMAGE_EMPTY'],
    ['a text', Buffer.from('hello'), 'DATASET_IMAGE_FORMAT'],
    [
      'a vector picture',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'DATASET_IMAGE_FORMAT',
    ],
    ['a bomb', pngBomb(50_000, 50_000), 'DATASET_IMAGE_TOO_LARGE'],
    ['a header without pixels', pngBomb(64, 64), 'DATASET_IMAGE_UNREADABLE'],
  ])('refuses %s and names the image', async (_, bytes, code) => {
    const out = new Float32Array(12);
    const size = { channels: 3, height: 2, width: 2 };
    const failure = await failureOf(decodeImage(bytes, RAW, size, out, 0, 'x/y.png'));
    expect({ code: failure.code, where: failure.where }).toEqual({ code, where: 'x/y.png' });
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'reads %s, and refuses one that is cut off',
    async (format) => {
      const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
      const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      expect(await decode(whole, RAW, [3, 8, 8])).toHaveLength(192);
      const failure = await failureOf(decode(whole.subarray(0, Math.floor(whole.length * 0.6)), RAW, [3, 8, 8]));
      expect(failure.code).toBe('DATASET_IMAGE_UNREADABLE');
    },
  );

  it('refuses a model whose channels the preprocessing does not fit', async () => {
    const png = await TWO.png().toBuffer();
    const one = { channels: 1, height: 1, width: 2 };
    const failure = await failureOf(decodeImage(png, DEFAULT_PREPROCESS, one, new Float32Array(2), 0));
    expect(failure.message).toBe('the preprocessing says rgb, the model reads 1 channel(s)');
  });
});
