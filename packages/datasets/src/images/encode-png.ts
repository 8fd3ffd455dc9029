import { sharp } from './sharp.ts';

/** A picture of bytes, height × width × bands (1 grey, 3 colours), as PNG; equal pixels give equal bytes. */
export function encodePng(pixels: Uint8Array, width: number, height: number, bands: 1 | 3): Promise<Buffer> {
  const picture = sharp(pixels, { raw: { width, height, channels: bands } });
  if (bands === 1) picture.toColourspace('b-w');
  return picture.png().toBuffer();
}
