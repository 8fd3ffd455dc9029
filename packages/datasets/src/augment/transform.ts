import { Random } from '../faces/random.ts';
import type { InputSize } from '../images/input-size.ts';

/** How far images may be moved, and whether they may be mirrored. */
export interface Augmentation {
  /** Largest shift along each axis as a share of the side, 0 to 0.5. */
  readonly crop: number;
  readonly flip: boolean;
}

/** One drawn change: pixels to the right and down, then left and right exchanged. */
export interface Transform {
  readonly right: number;
  readonly down: number;
  readonly mirrored: boolean;
}

/**
 * The change of one image in one epoch. It follows from the three numbers alone, so that a training that goes on in the middle
 * of an epoch sees the same images, and so does one that reads them in another order.
 */
export function drawTransform(
  { crop, flip }: Augmentation,
  { height, width }: Pick<InputSize, 'height' | 'width'>,
  { seed, epoch, image }: { readonly seed: number; readonly epoch: number; readonly image: number },
): Transform {
  const random = new Random(seed, epoch, image);
  const shift = (side: number): number => {
    const most = Math.floor(crop * side);
    return Math.floor(random.between(-most, most + 1));
  };
  const right = shift(width);
  const down = shift(height);
  return { right, down, mirrored: flip && random.chance(0.5) };
}

/** Moves height × width pixels of any number of bytes each; what comes in at an edge repeats the edge's own pixels. `out` must be another array. */
export function transformPixels(
  pixels: Uint8Array,
  { height, width }: Pick<InputSize, 'height' | 'width'>,
  { right, down, mirrored }: Transform,
  out: Uint8Array,
): void {
  const bands = out.length / (height * width);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    const row = clamp(y - down, height) * width;
    for (let x = 0; x < width; x += 1) {
      const column = mirrored ? width - 1 - x : x;
      const from = (row + clamp(column - right, width)) * bands;
      for (let band = 0; band < bands; band += 1, at += 1) out[at] = pixels[from + band] ?? 0;
    }
  }
}

function clamp(index: number, side: number): number {
  return index < 0 ? 0 : index >= side ? side - 1 : index;
}
