import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { KernelName, Resampling } from './axis.ts';
import { type Picture, resample } from './resample.ts';

/** The whole picture in another size. */
function resize(
  picture: Picture,
  [width, height]: readonly [number, number],
  kernel: KernelName,
  resampling: Resampling,
): Picture {
  const columns = { source: picture.width, target: width, from: 0, to: width };
  const rows = { source: picture.height, target: height, from: 0, to: height };
  return resample(picture, { columns, rows, kernel, resampling });
}

function picture(values: readonly number[], width: number, bands: number = 1): Picture {
  return { data: Uint8Array.from(values), width, height: values.length / width / bands, bands };
}

/** Something of every frequency. */
function pattern(width: number, height: number, bands: number): Picture {
  return picture(
    Array.from({ length: width * height * bands }, (_, i) => (i * i * 7 + i * 31) % 251),
    width,
    bands,
  );
}

const ROW = [0, 100, 200, 100];

describe('with antialiasing', () => {
  // Pillow 9.4: Image.resize((n, 1), Image.BILINEAR), BICUBIC, NEAREST.
  it.each<[KernelName, number[], number[]]>([
    ['linear', ROW, [0, 25, 75, 125, 175, 175, 125, 100]],
    ['linear', ROW, [0, 70, 150, 170, 100]],
    ['linear', ROW, [30, 150, 130]],
    ['linear', ROW, [71, 143]],
    ['linear', [10, 250], [10, 10, 61, 130, 199, 250, 250]],
    ['cubic', ROW, [0, 17, 71, 130, 189, 185, 121, 91]],
    ['cubic', ROW, [0, 65, 163, 179, 96]],
    ['cubic', ROW, [66, 150]],
    ['cubic', [10, 250], [0, 2, 51, 130, 209, 255, 255]],
    ['nearest', ROW, [0, 100, 200, 200, 100]],
    ['nearest', ROW, [100, 100]],
  ])('makes by %s of %j what Pillow makes: %j', (kernel, row, wanted) => {
    expect([...resize(picture(row, row.length), [wanted.length, 1], kernel, 'antialias').data]).toEqual(wanted);
    // The same down a column.
    expect([...resize(picture(row, 1), [1, wanted.length], kernel, 'antialias').data]).toEqual(wanted);
  });

  it('enlarges one axis while it reduces the other, as Pillow does', () => {
    const two = picture([0, 100, 200, 100, 40, 80, 160, 240], 4);
    expect([...resize(two, [2, 4], 'linear', 'antialias').data]).toEqual([71, 143, 72, 153, 73, 173, 74, 183]);
    expect([...resize(two, [8, 1], 'linear', 'antialias').data]).toEqual([20, 38, 73, 113, 158, 178, 173, 170]);
  });

  it('keeps colours apart', () => {
    const two = picture([10, 20, 30, 50, 60, 250], 2, 3);
    const wanted = [10, 20, 30, 20, 30, 85, 40, 50, 195, 50, 60, 250];
    expect([...resize(two, [4, 1], 'linear', 'antialias').data]).toEqual(wanted);
  });

  // Of the bytes that Pillow 9.4 makes of the same picture, SHA-256.
  it.each<[KernelName, number, [number, number], [number, number], string]>([
    ['linear', 1, [64, 60], [60, 60], '6be0974fd38b5b9f'],
    ['linear', 3, [64, 60], [224, 224], '03a7cb65efdb991b'],
    ['linear', 3, [5, 7], [9, 3], 'd6fb4371271b8131'],
    ['linear', 1, [7, 5], [3, 11], 'a526fd01e013a530'],
    ['linear', 3, [97, 131], [31, 29], 'c85234902c2d8d82'],
    ['linear', 1, [33, 2], [1, 1], 'a1fce4363854ff88'],
    ['cubic', 1, [64, 60], [60, 60], 'a68ad05be4fc8d24'],
    ['cubic', 3, [64, 60], [224, 224], '997f80d65347bbd5'],
    ['cubic', 3, [97, 131], [31, 29], '7748a865f635a8c3'],
    ['nearest', 1, [64, 60], [60, 60], 'bf8b4f1b6210f8ff'],
    ['nearest', 3, [64, 60], [224, 224], 'ea60bb3b8545647b'],
    ['nearest', 3, [97, 131], [31, 29], '79b77b083da1231c'],
  ])('is Pillow to the bit: %s, %i bands, %j to %j', (kernel, bands, [width, height], size, digest) => {
    const { data } = resize(pattern(width, height, bands), size, kernel, 'antialias');
    expect(createHash('sha256').update(data).digest('hex').slice(0, 16)).toBe(digest);
  });

  it('makes of a part of the resized picture the same pixels as of the whole', () => {
    const source = pattern(41, 37, 3);
    const whole = resize(source, [20, 50], 'linear', 'antialias');
    const part = resample(source, {
      ...{ kernel: 'linear', resampling: 'antialias' },
      columns: { source: 41, target: 20, from: 3, to: 15 },
      rows: { source: 37, target: 50, from: 11, to: 40 },
    });
    expect([part.width, part.height]).toEqual([12, 29]);
    for (let y = 0; y < 29; y += 1) {
      const from = ((y + 11) * 20 + 3) * 3;
      expect(part.data.subarray(y * 36, (y + 1) * 36)).toEqual(whole.data.subarray(from, from + 36));
    }
  });
});

describe('without antialiasing', () => {
  // Enlarging is the same for all; reducing takes two neighbours of each centre: 4 → 2 the means of pairs, 8 → 2 of the two in the middle.
  it.each<[number[], number[]]>([
    [ROW, [0, 25, 75, 125, 175, 175, 125, 100]],
    [ROW, [0, 70, 150, 170, 100]],
    [ROW, [50, 150]],
    [
      [9, 20, 40, 9, 9, 100, 200, 9],
      [30, 150],
    ],
  ])('makes of %j by linear %j', (row, wanted) => {
    expect([...resize(picture(row, row.length), [wanted.length, 1], 'linear', 'plain').data]).toEqual(wanted);
    expect([...resize(picture(row, 1), [1, wanted.length], 'linear', 'plain').data]).toEqual(wanted);
  });

  it('repeats the edge under a cubic', () => {
    // OpenCV 5.0: resize(row, (8, 1), interpolation=INTER_CUBIC).
    expect([...resize(picture([100, 100, 100], 3), [7, 5], 'cubic', 'plain').data]).toEqual(new Array(35).fill(100));
    expect([...resize(picture(ROW, 4), [8, 1], 'cubic', 'plain').data]).toEqual([0, 19, 67, 137, 191, 188, 126, 89]);
  });
});

describe('by area', () => {
  it.each<[number[], number[]]>([
    [ROW, [50, 150]],
    // Three pixels of 4/3 each: (0 + 100/3) / (4/3), and so on.
    [ROW, [25, 150, 125]],
    [[8], [8, 8, 8]],
  ])('is the mean of what a pixel covers: %j, %j', (row, wanted) => {
    for (const resampling of ['plain', 'antialias'] as const) {
      expect([...resize(picture(row, row.length), [wanted.length, 1], 'area', resampling).data]).toEqual(wanted);
    }
  });
});

it.each(['nearest', 'linear', 'cubic', 'area'] as const)(
  'leaves a picture of the right size as it is: %s',
  (kernel) => {
    const source = pattern(9, 7, 3);
    for (const resampling of ['plain', 'antialias'] as const) {
      expect(resize(source, [9, 7], kernel, resampling).data).toEqual(source.data);
      // One axis alone.
      expect(resize(source, [9, 14], kernel, resampling).width).toBe(9);
    }
  },
);

describe('a picture that is very long', () => {
  /** The most numbers in any one array that the work makes. */
  function largest<T>(work: () => T): { made: T; most: number } {
    let most = 0;
    const counting = <A extends new (...args: never[]) => { readonly length: number }>(type: A): A =>
      new Proxy(type, {
        construct: (target, args) => {
          const array = Reflect.construct(target, args) as { readonly length: number };
          most = Math.max(most, array.length);
          return array;
        },
      });
    vi.stubGlobal('Uint8Array', counting(Uint8Array));
    vi.stubGlobal('Int32Array', counting(Int32Array));
    try {
      return { made: work(), most };
    } finally {
      vi.unstubAllGlobals();
    }
  }

  it.each([
    ['linear', 'antialias', 1],
    ['area', 'plain', 3],
  ] as const)('is resized in bounded memory, and to the same pixels: %s, %s', (kernel, resampling, bands) => {
    const height = 20_000;
    const source = pattern(2, height, bands);
    const rows = { source: height, target: 7, from: 0, to: 7 };
    const wanted = 1_200 / bands;
    const resized = (from: number, to: number) =>
      resample(source, { columns: { source: 2, target: wanted, from, to }, rows, kernel, resampling });
    const { made, most } = largest(() => resized(0, wanted));
    expect(most).toBeLessThanOrEqual(2 ** 24);
    // So few columns that they need no parts.
    const { data } = resized(190, 210);
    for (let y = 0; y < 7; y += 1) {
      const from = (y * wanted + 190) * bands;
      expect(data.subarray(y * 20 * bands, (y + 1) * 20 * bands)).toEqual(made.data.subarray(from, from + 20 * bands));
    }
  });

  it('is read only where the result is made of it', () => {
    const height = 10_000_000;
    const source = { data: new Uint8Array(height).fill(9), width: 1, height, bands: 1 };
    const { made, most } = largest(() => resize(source, [400, 4], 'linear', 'plain'));
    expect(made.data).toEqual(new Uint8Array(1_600).fill(9));
    expect(most).toBeLessThanOrEqual(height);
  });
});
