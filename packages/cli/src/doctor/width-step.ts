/** Widths that are multiples of 1, 2, 4, 8 and 16 and of nothing more, the last as wide as the others or wider. */
export const WIDTHS = [63, 62, 60, 56, 64] as const;
const STEPS = [1, 2, 4, 8, 16] as const;
/** How much longer than the widest a narrower width may take: beyond that, it pays to keep more channels. */
const PENALTY = 1.15;

export interface WidthStep {
  /** Channels in multiples of this run as fast as they should. */
  readonly step: number;
  /** The width that takes longest for its size, and how many times as long as the widest one. */
  readonly worst: { readonly width: number; readonly ratio: number };
}

/**
 * The smallest of 1, 2, 4, 8 and 16 whose multiples run without a penalty.
 * @param times of `WIDTHS`, in any unit
 */
export function widthStep(times: readonly number[]): WidthStep {
  const widest = times.at(-1)!;
  const ratios = times.map((time) => time / widest);
  const slow = ratios.findLastIndex((ratio) => ratio > PENALTY);
  const worst = ratios.indexOf(Math.max(...ratios.slice(0, -1)));
  return { step: STEPS[slow + 1]!, worst: { width: WIDTHS[worst]!, ratio: ratios[worst]! } };
}
