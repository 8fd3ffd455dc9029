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

/**
 * The same for a head that a network will have: rounding is a thousandth of such a spread, and its weights would magnify it until two
 * kernels that compute the same layer answer differently.
 */
export const UNREADABLE = 1e-4;

/** A filter that spreads this many times further on other rows than on the training rows was all but silent on these. */
const SILENT = 10;

/**
 * Means and standard deviations of the rows in `train`; `standardise: false` scales every varying filter by 1.
 *
 * A filter that is silent on all but a few training images would be blown up until one image of `validation` that does move
 * it outweighs all others. Where it spreads over ten times further there, its scale is the deviation on both parts together.
 * Labels are not looked at. A filter that spreads over less than `constant` times its mean does not vary.
 */
export function scalingOf(
  train: Moments,
  {
    standardise = true,
    validation,
    constant = CONSTANT,
  }: { readonly standardise?: boolean; readonly validation?: Moments; readonly constant?: number } = {},
): Scaling {
  const mean = train.pilot.shift.map((shift, j) => shift + (train.sums[j] as number) / train.n);
  const n = { train: train.n, validation: validation?.n ?? 0 };
  const scale = mean.map((value, j) => {
    const own = squareAbout(train, j, value);
    const other = standardise && validation !== undefined ? squareAbout(validation, j, value) : 0;
    const deviation = deviationOf(value, { own, other }, n, constant);
    return standardise ? deviation : Math.sign(deviation);
  });
  const targetMean = train.pilot.targetShift.map((shift, t) => shift + (train.targetSums[t] as number) / train.n);
  return { mean, scale, targetMean };
}

/**
 * What divides a filter: its standard deviation on the training rows, 0 where it does not vary, that on both parts where it was silent; see
 * `scalingOf`. `own` and `other`: mean squares about the training rows' mean on training and on validation rows.
 */
export function deviationOf(
  mean: number,
  { own, other }: { readonly own: number; readonly other: number },
  n: { readonly train: number; readonly validation: number },
  constant: number,
): number {
  if (Math.sqrt(own) <= constant * Math.abs(mean)) return 0;
  if (other <= SILENT * SILENT * own) return Math.sqrt(own);
  return Math.sqrt((n.train * own + n.validation * other) / (n.train + n.validation));
}

/** Mean of (x − centre)² of one filter; never under 0. */
function squareAbout({ n, filters, gram, sums, pilot }: Moments, filter: number, centre: number): number {
  const offset = centre - (pilot.shift[filter] as number);
  const raw = (gram[filter * filters + filter] as number) - 2 * offset * (sums[filter] as number);
  return Math.max(0, raw / n + offset * offset);
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
      // A filter that stands still on these rows has variance 0, which rounding may leave a hair below.
      const value = (i === j ? Math.max(0, raw) : raw) * inverseI * (inverse[j] as number);
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
