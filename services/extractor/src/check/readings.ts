import type { Preprocess } from '@kneepoint/datasets';

/** A way to read pixels: the declared one, or one that a network may have been trained with instead. */
export interface PixelReading {
  readonly preprocess: Preprocess;
  /** Whether it differs from the declared one in range, mean or std. */
  readonly otherScale: boolean;
  /** Whether it has red and blue the other way round. */
  readonly otherOrder: boolean;
}

/** The numbers that training code usually makes of pixels; means and spreads of several channels in the order red, green, blue. */
const SCALES: readonly Pick<Preprocess, 'range' | 'mean' | 'std'>[] = [
  { range: [0, 1], mean: [0], std: [1] },
  { range: [0, 255], mean: [0], std: [1] },
  { range: [0, 255], mean: [127.5], std: [127.5] },
  { range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
];

const SWAPPED = { rgb: 'bgr', bgr: 'rgb', rgba: 'bgra', bgra: 'rgba', grey: 'grey' } as const;

/**
 * The declared reading first, then every usual scale in either order of the channels, as far as it gives other numbers. A network that takes
 * `bytes` has no other scale.
 */
export function readingsOf(declared: Preprocess, channels: number, bytes: boolean): readonly PixelReading[] {
  const coloured = channels >= 3 && declared.channels !== 'grey';
  const usual = SCALES.filter(({ mean }) => mean.length === 1 || (channels === 3 && coloured))
    .map((scale) => ({ ...declared, ...inOrder(scale, declared.channels) }))
    .filter((preprocess) => !sameScale(preprocess, declared, channels));
  const readings = [
    { preprocess: declared, otherScale: false, otherOrder: false },
    ...(bytes ? [] : usual.map((preprocess) => ({ preprocess, otherScale: true, otherOrder: false }))),
  ];
  if (!coloured) return readings;
  return readings.flatMap((reading) => [
    reading,
    { ...reading, preprocess: swapped(reading.preprocess), otherOrder: true },
  ]);
}

/** The same numbers of the same colours at swapped places. */
function swapped(preprocess: Preprocess): Preprocess {
  const { channels, mean, std } = preprocess;
  return { ...preprocess, channels: SWAPPED[channels], mean: turned(mean), std: turned(std) };
}

function inOrder<T extends Pick<Preprocess, 'mean' | 'std'>>(scale: T, channels: Preprocess['channels']): T {
  const reversed = channels === 'bgr' || channels === 'bgra';
  return reversed ? { ...scale, mean: turned(scale.mean), std: turned(scale.std) } : scale;
}

const turned = ([first, second, third, ...rest]: readonly number[]): number[] =>
  third === undefined ? [first, second].filter((value) => value !== undefined) : [third, second!, first!, ...rest];

function sameScale(a: Preprocess, b: Preprocess, channels: number): boolean {
  const lines = [a, b].map(({ range, mean, std }) =>
    Array.from({ length: channels }, (_, i) => {
      const at = (values: readonly number[]): number => values[values.length === 1 ? 0 : i] ?? 0;
      return [at(std) / range[1], at(mean) / range[1]] as const;
    }),
  );
  return lines[0]!.every(([std, mean], i) => {
    const [otherStd, otherMean] = lines[1]![i]!;
    return Math.abs(std / otherStd - 1) < 0.02 && Math.abs(mean - otherMean) < 0.02 * std;
  });
}
