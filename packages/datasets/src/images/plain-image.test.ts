import sharp, { type Sharp } from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage } from './decode-image.ts';
import { plainImage } from './plain-image.ts';
import type { Preprocess } from './preprocess.ts';

const RGB: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0], std: [1] };
const SIZE = { channels: 3, height: 9, width: 7 };

function noise(channels: 1 | 3 | 4): Sharp {
  const pixels = Uint8Array.from({ length: 12 * 10 * channels }, (_, i) => (i * i * 7 + i * 31) % 256);
  return sharp(pixels, { raw: { width: 12, height: 10, channels } });
}

async function planes(bytes: Buffer, preprocess: Preprocess, channels = 3): Promise<Float32Array> {
  const out = new Float32Array(channels * SIZE.height * SIZE.width);
  await decodeImage(bytes, preprocess, { ...SIZE, channels }, out, 0);
  return out;
}

it('a JPEG or PNG of 8 bits stays the file that it is', async () => {
  for (const bytes of [await noise(3).jpeg().toBuffer(), await noise(4).png().toBuffer()]) {
    expect((await plainImage(bytes, RGB, 'a picture')).bytes).toBe(bytes);
  }
});

it.each([
  ['16 bits', () => noise(3).toColourspace('rgb16').png().toBuffer(), RGB],
  ['grey of 16 bits', () => noise(1).toColourspace('grey16').png().toBuffer(), RGB],
  ['WebP', () => noise(3).webp({ lossless: true }).toBuffer(), RGB],
  ['transparent TIFF on white', () => noise(4).tiff().toBuffer(), { ...RGB, alpha: 'white' as const }],
  ['transparent WebP', () => noise(4).webp({ lossless: true }).toBuffer(), { ...RGB, channels: 'rgba' as const }],
] as const)('%s becomes a PNG that is read to the same numbers', async (_, make, preprocess) => {
  const original = await make();
  const { bytes, format } = await plainImage(original, preprocess, 'a picture');
  expect([format, bytes.equals(original)]).toEqual(['png', false]);
  const channels = preprocess.channels === 'rgba' ? 4 : 3;
  expect(await planes(bytes, preprocess, channels)).toEqual(await planes(original, preprocess, channels));
});
