import type { Reading } from './readings.ts';

/** What images say of one part of a reading. Channels are those of the part, in its order. */
export interface PartStatistics {
  /** Class of each channel. */
  readonly classes: readonly number[];
  /** R, C × C: covariance of the responses. */
  readonly covariance: Float64Array;
  /** F, C × C: what a change of the responses does to the answers, squared; see `DamageStatistics`. */
  readonly metric: Float64Array;
}

/**
 * What decides how many filters stay: for each reading of the classes that may go the covariance of its responses and the metric of what depends
 * on them. `answers`: the Gauss–Newton metric, the mean over images of Σ over positions g gᵀ with g = ∂(vᵀ answers / unit)/∂x and v normal,
 * so that tr(F R) is a squared change of the answers in their own unit. `readers`: W Wᵀ of whatever reads, as a share of what all its channels
 * give it, where an operator has no derivative.
 */
export interface DamageStatistics {
  readonly metric: 'answers' | 'readers';
  readonly parts: readonly PartStatistics[];
  /** Variance of the answers in the same unit, what damage is a share of; 1 for `readers`. */
  readonly variance: number;
}

/** Count, mean and scatter about the mean of so many columns: sums of them are sums over shards (Chan, Golub and LeVeque 1979). */
export interface Scatter {
  readonly count: number;
  /** C. */
  readonly mean: Float64Array;
  /** C × C: Σ (x − mean)(x − mean)ᵀ. */
  readonly scatter: Float64Array;
}

/** The scatter of both sets of columns together. */
export function joinedScatter(a: Scatter, b: Scatter): Scatter {
  if (a.count === 0) return b;
  const count = a.count + b.count;
  const size = a.mean.length;
  const apart = b.mean.map((value, i) => value - a.mean[i]!);
  const weight = (a.count * b.count) / count;
  const scatter = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const at = i * size + j;
      scatter[at] = a.scatter[at]! + b.scatter[at]! + weight * apart[i]! * apart[j]!;
    }
  }
  return { count, mean: a.mean.map((value, i) => value + (apart[i]! * b.count) / count), scatter };
}

/** From sums about a shift: Σ (x − shift)(x − shift)ᵀ (C × C) and the mean of x − shift (C). */
export function scatterAbout(
  shift: ArrayLike<number>,
  {
    count,
    mean,
    second,
  }: { readonly count: number; readonly mean: ArrayLike<number>; readonly second: ArrayLike<number> },
): Scatter {
  const size = shift.length;
  const scatter = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) scatter[i * size + j] = second[i * size + j]! - count * mean[i]! * mean[j]!;
  }
  return { count, mean: Float64Array.from(shift, (value, i) => value + mean[i]!), scatter };
}

/** Σ (x − mean)(x − mean)ᵀ / count. */
export function covarianceOf({ count, scatter }: Scatter): Float64Array {
  return scatter.map((value) => value / Math.max(1, count));
}

/** The classes of one part of a reading. */
export function classesOfPart({ classes, width }: Reading, part: number): readonly number[] {
  return classes.slice(part * width, (part + 1) * width);
}
