import { describe, expect, it } from 'vitest';
import { place } from './place.ts';
import { DEFAULT_PREPROCESS, type Preprocess } from './preprocess.ts';

/** [resized, drawn from, drawn up to, first pixel in the input] along each axis. */
function placed(
  [width, height]: [number, number],
  settings: Partial<Preprocess>,
  [toWidth, toHeight]: [number, number],
): { across: number[]; down: number[] } {
  const size = { width: toWidth, height: toHeight };
  const { columns, rows, left, top } = place(width, height, { ...DEFAULT_PREPROCESS, ...settings }, size);
  expect([columns.source, rows.source]).toEqual([width, height]);
  return {
    across: [columns.target, columns.from, columns.to, left],
    down: [rows.target, rows.from, rows.to, top],
  };
}

describe('place', () => {
  it('stretches by default', () => {
    expect(placed([640, 480], {}, [224, 200])).toEqual({ across: [224, 0, 224, 0], down: [200, 0, 200, 0] });
  });

  // torchvision.transforms.Resize(256), CenterCrop(224): long side int(256 · long / short), crop at round((side − 224) / 2), half to even.
  it.each<[[number, number], number[], number[]]>([
    [
      [640, 480],
      [341, 58, 282, 0],
      [256, 16, 240, 0],
    ],
    [
      [480, 640],
      [256, 16, 240, 0],
      [341, 58, 282, 0],
    ],
    [
      [500, 375],
      [341, 58, 282, 0],
      [256, 16, 240, 0],
    ],
    [
      [333, 500],
      [256, 16, 240, 0],
      [384, 80, 304, 0],
    ],
    [
      [100, 100],
      [256, 16, 240, 0],
      [256, 16, 240, 0],
    ],
  ])('resizes the short side and cuts out the middle, as torchvision: %j', (source, across, down) => {
    expect(placed(source, { fit: 'crop', shortSide: 256 }, [224, 224])).toEqual({ across, down });
    expect(placed(source, { fit: 'crop', cropShare: 0.875 }, [224, 224])).toEqual({ across, down });
  });

  it('takes the share of the crop from the input, whatever its size', () => {
    // timm: floor(299 / 0.95) = 314.
    expect(placed([314, 628], { fit: 'crop', cropShare: 0.95 }, [299, 299]).across).toEqual([314, 8, 307, 0]);
    // 224 / 0.7 is 320.00000000000006 or so in floating point: 320 whichever way it is rounded.
    expect(placed([9, 9], { fit: 'crop', cropShare: 0.7 }, [224, 224]).across[0]).toBe(320);
  });

  it('covers an input of any shape where no short side is named', () => {
    expect(placed([8, 4], { fit: 'crop' }, [4, 4])).toEqual({ across: [8, 2, 6, 0], down: [4, 0, 4, 0] });
    expect(placed([100, 100], { fit: 'cover' }, [30, 60])).toEqual({ across: [60, 15, 45, 0], down: [60, 0, 60, 0] });
    for (let side = 1; side < 200; side += 7) {
      const { across, down } = placed([side, 97], { fit: 'crop' }, [31, 57]);
      expect(across[2]! - across[1]!).toBe(31);
      expect(down[2]! - down[1]!).toBe(57);
    }
  });

  it('lays what is smaller than the crop in its middle', () => {
    expect(placed([10, 20], { fit: 'crop', shortSide: 5 }, [8, 8])).toEqual({
      across: [5, 0, 5, 1],
      down: [10, 1, 9, 0],
    });
  });

  // ultralytics' LetterBox: round(side · r), left round(rest / 2 − 0.1).
  it('fits the whole picture in, in the middle or at the corner', () => {
    expect(placed([1280, 720], { fit: 'letterbox' }, [640, 640])).toEqual({
      across: [640, 0, 640, 0],
      down: [360, 0, 360, 140],
    });
    expect(placed([100, 51], { fit: 'letterbox' }, [100, 100]).down).toEqual([51, 0, 51, 24]);
    expect(placed([51, 100], { fit: 'letterbox', place: 'top-left' }, [100, 100]).across).toEqual([51, 0, 51, 0]);
    expect(placed([51, 100], { fit: 'contain', place: 'top-left' }, [100, 100]).across).toEqual([51, 0, 51, 0]);
    expect(placed([1000, 1], { fit: 'contain' }, [10, 10]).down).toEqual([1, 0, 1, 4]);
  });
});
