import { Failure } from '@kneepoint/failures';
import { type CharacteristicCurve, type CurveSegments, replay, supportOfPoint } from './characteristic-curve.ts';

export interface Knee {
  readonly epsilon: number;
  readonly on: 'validation' | 'train';
  /** How many filters are kept; 0 when no filter improves on the mean of the labels. */
  readonly filters: number;
  readonly lambda: number;
  /** RMSE at the knee. */
  readonly rmse: number;
  readonly rmseMin: number;
  readonly rmseMax: number;
  /** Indices of the filters kept, ascending. */
  readonly kept: readonly number[];
}

/** A stretch of the path with one set of filters, and its lowest and highest error. */
export interface Stretch {
  readonly filters: number;
  readonly lambda: number;
  readonly min: number;
  readonly max: number;
  readonly kept: () => number[];
}

/**
 * The knee of a curve (paper §6): the smallest number of filters k with RMSE(k) − RMSE_min ≤ ε · (RMSE_max − RMSE_min), where
 * RMSE(k) is the lowest error that the path reaches with k filters, and the filters are those it then holds. Exact on the whole
 * piecewise-linear path for one target, on the sampled λ for several. Nothing is fitted again.
 *
 * RMSE_max is taken from the largest λ down to the minimum: a validation error that explodes by over-fitting at the far end
 * would otherwise make any error look small. On the training curve this is the maximum of the whole curve.
 *
 * A flat curve, and one whose minimum is the empty model, has its knee at 0 filters: the layer says nothing about the task.
 * Throws REGRESSION_SETTING_INVALID unless 0 < ε < 1.
 */
export function knee(
  curve: CharacteristicCurve,
  epsilon: number,
  { on = 'validation' }: { readonly on?: 'validation' | 'train' } = {},
): Knee {
  if (!(epsilon > 0 && epsilon < 1)) {
    throw new Failure('REGRESSION_SETTING_INVALID', `ε = ${epsilon} is not between 0 and 1`, {
      where: 'epsilon',
      fix: '0 < ε < 1, for example 0.01',
    });
  }
  const stretches = stretchesOf(curve, on);
  const lowest = stretches.reduce((best, stretch, i) => (stretch.min < (stretches[best] as Stretch).min ? i : best), 0);
  const rmseMin = (stretches[lowest] as Stretch).min;
  const rmseMax = stretches.slice(0, lowest + 1).reduce((max, stretch) => Math.max(max, stretch.max), 0);
  const limit = rmseMin + epsilon * (rmseMax - rmseMin);
  let chosen = stretches[lowest] as Stretch;
  for (const stretch of stretches) {
    if (stretch.min > limit) continue;
    if (stretch.filters < chosen.filters || (stretch.filters === chosen.filters && stretch.min < chosen.min))
      chosen = stretch;
  }
  const { filters, lambda, min } = chosen;
  return { epsilon, on, filters, lambda, rmse: min, rmseMin, rmseMax, kept: chosen.kept() };
}

export function stretchesOf(curve: CharacteristicCurve, on: 'validation' | 'train'): Stretch[] {
  const { segments } = curve;
  const points = segments === null ? curve.points : curve.points.slice(0, 1);
  const sampled = points.map((point, i): Stretch => {
    const rmse = on === 'train' ? point.rmseTrain : point.rmseValidation;
    return { filters: point.filters, lambda: point.lambda, min: rmse, max: rmse, kept: () => supportOfPoint(curve, i) };
  });
  return segments === null ? sampled : [...sampled, ...exactStretches(segments, on)];
}

function exactStretches({ lambda, change, train, validation }: CurveSegments, on: 'validation' | 'train'): Stretch[] {
  const coefficients = on === 'train' ? train : validation;
  const stretches: Stretch[] = [];
  let filters = 0;
  change.forEach((event, k) => {
    filters += Math.sign(event);
    const [high = 0, low = 0] = lambda.slice(k, k + 2);
    const [c0 = 0, c1 = 0, c2 = 0] = coefficients.slice(3 * k, 3 * k + 3);
    const rmse = (t: number) => Math.sqrt(Math.max(0, c0 + t * (c1 + t * c2)));
    const vertex = c2 === 0 ? 0 : -c1 / (2 * c2);
    // From the larger λ on: of equally good ones the first is taken, whose weights are smallest.
    const candidates = vertex > 0 && vertex < 1 ? [0, vertex, 1] : [0, 1];
    const errors = candidates.map(rmse);
    const min = Math.min(...errors);
    stretches.push({
      filters,
      lambda: high + (candidates[errors.indexOf(min)] as number) * (low - high),
      min,
      max: Math.max(...errors),
      kept: () => replay(change.slice(0, k + 1)),
    });
  });
  return stretches;
}
