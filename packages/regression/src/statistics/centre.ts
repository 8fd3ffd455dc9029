import type { Moments } from './moments.ts';

/** Centre and scale of responses and labels, as found on the training rows. */
export interface Scaling {
  readonly mean: Float64Array;
  /** Standard deviation (divisor n) of each filter; 0 for a filter that does not vary, which no fit then uses. */
  readonly scale: Float64Array;
  readonly targetMean: Float64Array;
}

/** Statistics in scaled coordinates: z = (x − mean) / scale, v = y − targetMean. */
export interface CentredMoments {
  readonly n: number;
  readonly filters: number;
  readonly targets: number;
  /** ZᵀZ/n, filters × filters, row-major, both halves. */
  readonly gram: Float64Array;
  /** VᵀZ/n, targets × filters, row-major. */
  readonly cross: Float64Array;
  /** Mean of v² per target. */
  readonly squares: Float64Array;
}

/** A filter whose spread is under this share of its mean only shows the rounding of float32. */
const CONSTANT = 1e-7;

/** Means and standard deviations of the rows in `moments`; `standardise: false` scales every varying filter by 1. */
export function scalingOf(moments: Moments, { standardise = true } = {}): Scaling {
  const { n, filters, pilot } = moments;
  const mean = pilot.shift.map((shift, j) => shift + (moments.sums[j] as number) / n);
  const scale = mean.map((value, j) => {
    const offset = (moments.sums[j] as number) / n;
    const variance = (moments.gram[j * filters + j] as number) / n - offset * offset;
    const deviation = Math.sqrt(Math.max(0, variance));
    if (deviation <= CONSTANT * Math.abs(value)) return 0;
    return standardise ? deviation : 1;
  });
  const targetMean = pilot.targetShift.map((shift, t) => shift + (moments.targetSums[t] as number) / n);
  return { mean, scale, targetMean };
}

/**
 * Moments of any rows in the coordinates of `scaling`, by D⁻¹(Σ(x−μ)(x−μ)ᵀ/n)D⁻¹. With the scaling of the training rows, the
 * mean squared error of weights w on these rows, intercept included, is squares − 2·crossᵀw + wᵀ·gram·w per target.
 */
export function centre(moments: Moments, scaling: Scaling): CentredMoments {
  const { n, filters, targets } = moments;
  const { shift, targetShift } = moments.pilot;
  const gram = new Float64Array(filters * filters);
  const cross = new Float64Array(filters * targets);
  const offset = scaling.mean.map((mean, j) => mean - (shift[j] as number));
  const average = moments.sums.map((sum) => sum / n);
  const targetOffset = scaling.targetMean.map((mean, t) => mean - (targetShift[t] as number));
  const targetAverage = moments.targetSums.map((sum) => sum / n);
  const inverse = scaling.scale.map((scale) => (scale > 0 ? 1 / scale : 0));
  for (let i = 0; i < filters; i++) {
    const inverseI = inverse[i] as number;
    if (inverseI === 0) continue;
    const offsetI = offset[i] as number;
    const averageI = average[i] as number;
    for (let j = 0; j <= i; j++) {
      const offsetJ = offset[j] as number;
      const raw =
        (moments.gram[i * filters + j] as number) / n -
        offsetI * (average[j] as number) -
        averageI * offsetJ +
        offsetI * offsetJ;
      const value = raw * inverseI * (inverse[j] as number);
      gram[i * filters + j] = value;
      gram[j * filters + i] = value;
    }
    for (let t = 0; t < targets; t++) {
      const at = t * filters + i;
      const offsetT = targetOffset[t] as number;
      const raw =
        (moments.cross[at] as number) / n -
        offsetI * (targetAverage[t] as number) -
        averageI * offsetT +
        offsetI * offsetT;
      cross[at] = raw * inverseI;
    }
  }
  const squares = targetOffset.map((e, t) => {
    const raw = (moments.targetSquares[t] as number) / n - 2 * e * (targetAverage[t] as number) + e * e;
    return Math.max(0, raw);
  });
  return { n, filters, targets, gram, cross, squares };
}

/** The same statistics for some of the targets, which share the Gram matrix. */
export function selectTargets(centred: CentredMoments, from: number, count: number): CentredMoments {
  const { filters } = centred;
  return {
    ...centred,
    targets: count,
    cross: centred.cross.slice(from * filters, (from + count) * filters),
    squares: centred.squares.slice(from, from + count),
  };
}
