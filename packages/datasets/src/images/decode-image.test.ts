import { describe, expect, it } from 'vitest';
import { failureOf, pngBomb } from '../testing/folder.ts';
import { decodeImage } from './decode-image.ts';
import { DEFAULT_PREPROCESS, type Preprocess } from './preprocess.ts';
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

  it('lays transparency on black', async () => {
    const pixels = Buffer.from([200, 100, 50, 0, 200, 100, 50, 255]);
    const png = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect(await decode(png, RAW, [3, 1, 2])).toEqual([0, 200, 0, 100, 0, 50]);
  });

  it('turns a picture as its EXIF orientation says', async () => {
    const turned = await TWO.clone().tiff({ compression: 'none' }).withMetadata({ orientation: 3 }).toBuffer();
    expect(await decode(turned, RAW, [3, 1, 2])).toEqual([40, 10, 50, 20, 60, 30]);
    const upright = await TWO.clone().tiff({ compression: 'none' }).withMetadata({ orientation: 6 }).toBuffer();
    expect(await decode(upright, RAW, [3, 2, 1])).toEqual([10, 40, 20, 50, 30, 60]);
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
