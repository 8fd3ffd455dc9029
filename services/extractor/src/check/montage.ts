import { encodePng, type InputSize, type Preprocess, toPlanes } from '@kneepoint/datasets';

/** Pixels between the pictures of a montage. */
const GAP = 4;
const WHITE = 255;

/**
 * What the network gets of a picture, mapped back to 0 … 255, as PNG: from left to right the picture in its colours, then each channel of the
 * input in grey, in the network's order. One channel stands for itself.
 */
export function montage(pixels: Uint8Array, preprocess: Preprocess, size: InputSize): Promise<Buffer> {
  const { channels, height, width } = size;
  const planes = new Float32Array(channels * height * width);
  toPlanes(pixels, preprocess, size, planes, 0);
  const bytes = Array.from({ length: channels }, (_, i) => plane(planes, i, preprocess, size));
  if (channels === 1) return encodePng(bytes[0]!, width, height, 1);
  const reversed = preprocess.channels === 'bgr' || preprocess.channels === 'bgra';
  const colours = reversed ? [bytes[2]!, bytes[1]!, bytes[0]!] : bytes.slice(0, 3);
  const parts = [colours, ...bytes.map((one) => [one, one, one])];
  const across = parts.length * (width + GAP) - GAP;
  const canvas = new Uint8Array(across * height * 3).fill(WHITE);
  parts.forEach((bands, part) => {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = (y * across + part * (width + GAP) + x) * 3;
        for (let band = 0; band < 3; band += 1) canvas[at + band] = bands[band]![y * width + x]!;
      }
    }
  });
  return encodePng(canvas, across, height, 3);
}

function plane(planes: Float32Array, channel: number, { mean, std, range }: Preprocess, size: InputSize): Uint8Array {
  const area = size.height * size.width;
  const at = (values: readonly number[]): number => values[values.length === 1 ? 0 : channel] ?? 0;
  return Uint8Array.from(planes.subarray(channel * area, (channel + 1) * area), (value) =>
    Math.round(Math.min(255, Math.max(0, ((value * at(std) + at(mean)) * 255) / range[1]))),
  );
}
