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

/**
 * Sums over columns x about a point near their mean, so that large means do not eat the digits of small variances: Σ (x − shift) and
 * Σ (x − shift)(x − shift)ᵀ, in float64 and in place, since the latter is C × C.
 */
export class ShiftedSums {
  private count = 0;
  private readonly sums: Float64Array;
  private readonly products: Float64Array;

  /** @param size C */
  constructor(size: number) {
    this.sums = new Float64Array(size);
    this.products = new Float64Array(size * size);
  }

  /** Adds so many columns, given the mean of x − shift (C) and Σ (x − shift)(x − shift)ᵀ (C × C). */
  add(count: number, mean: ArrayLike<number>, second: ArrayLike<number>): void {
    const { sums, products } = this;
    this.count += count;
    for (let i = 0; i < sums.length; i++) sums[i]! += count * mean[i]!;
    for (let at = 0; at < products.length; at++) products[at]! += second[at]!;
  }

  /** Σ (x − mean)(x − mean)ᵀ / count, C × C. It takes the place of the sums, which are gone. */
  covariance(): Float64Array {
    const { sums, products } = this;
    const [size, count] = [sums.length, Math.max(1, this.count)];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const at = i * size + j;
        products[at] = (products[at]! - (sums[i]! * sums[j]!) / count) / count;
      }
    }
    return products;
  }
}

/** The classes of one part of a reading. */
export function classesOfPart({ classes, width }: Reading, part: number): readonly number[] {
  return classes.slice(part * width, (part + 1) * width);
}
