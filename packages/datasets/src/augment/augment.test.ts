import type { TaskSpec } from '@kneepoint/regression';
import { describe, expect, it } from 'vitest';
import { mirrorTargets } from './mirror-targets.ts';
import { drawTransform, transformPixels } from './transform.ts';

const SIZE = { height: 5, width: 7 };
const STILL = { right: 0, down: 0, mirrored: false };

/** A picture whose red byte names its pixel. */
const picture = Uint8Array.from({ length: SIZE.height * SIZE.width * 3 }, (_, i) => (i % 3 === 0 ? i / 3 : 200));
const moved = (transform: Partial<typeof STILL>, pixels: Uint8Array = picture): Uint8Array => {
  const out = new Uint8Array(picture.length);
  transformPixels(pixels, SIZE, { ...STILL, ...transform }, out);
  return out;
};
const red = (pixels: Uint8Array, x: number, y: number): number => pixels[(y * SIZE.width + x) * 3]!;

describe('a change of an image', () => {
  it('is the same for the same seed, epoch and image, and differs between them', () => {
    const draw = (seed: number, epoch: number, image: number) =>
      drawTransform({ crop: 0.4, flip: true }, { height: 64, width: 64 }, { seed, epoch, image });
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    const all = [draw(1, 2, 3), draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4), draw(3, 2, 1)];
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(all.length);
  });

  it('stays within the share of the side, reaches both ends, and mirrors half of the images', () => {
    const draws = Array.from({ length: 2000 }, (_, image) =>
      drawTransform({ crop: 0.1, flip: true }, { height: 20, width: 40 }, { seed: 1, epoch: 1, image }),
    );
    const of = (pick: (one: (typeof draws)[number]) => number) => [...new Set(draws.map(pick))].sort((a, b) => a - b);
    expect(of(({ down }) => down)).toEqual([-2, -1, 0, 1, 2]);
    expect(of(({ right }) => right)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    const mirrored = draws.filter((one) => one.mirrored).length;
    expect(Math.abs(mirrored - 1000)).toBeLessThan(4 * Math.sqrt(500));
  });

  it('without crop and flip leaves the image as it is', () => {
    const none = drawTransform({ crop: 0, flip: false }, SIZE, { seed: 1, epoch: 1, image: 1 });
    expect(none).toEqual(STILL);
    expect(moved(none)).toEqual(picture);
  });

  it('moves pixels and repeats the edge where nothing comes in', () => {
    const out = moved({ right: 2, down: -1 });
    expect(red(out, 4, 1)).toBe(red(picture, 2, 2));
    expect(red(out, 0, 1)).toBe(red(picture, 0, 2));
    expect(red(out, 4, 4)).toBe(red(picture, 2, 4));
  });

  it('mirrored twice is the image again', () => {
    const once = moved({ mirrored: true });
    expect(red(once, 0, 3)).toBe(red(picture, 6, 3));
    expect(moved({ mirrored: true }, once)).toEqual(picture);
  });
});

describe('targets of a mirrored image', () => {
  const mirrored = (mirror: TaskSpec['mirror'], ...targets: number[]) => {
    const all = Float32Array.of(9, ...targets, 9);
    mirrorTargets(mirror === undefined ? {} : { mirror }, all, 1);
    expect([all[0], all.at(-1)]).toEqual([9, 9]);
    return [...all.slice(1, -1)];
  };

  it('change sign, change places or stay, as the task says', () => {
    expect(mirrored({ negate: [0] }, 30, 5)).toEqual([-30, 5]);
    expect(mirrored({ swap: [[1, 2]] }, 1, 2, 3)).toEqual([1, 3, 2]);
    expect(mirrored('unchanged', 1, 2)).toEqual([1, 2]);
  });

  it('that are missing stay missing', () => {
    expect(mirrored({ negate: [0] }, NaN)).toEqual([NaN]);
  });
});
