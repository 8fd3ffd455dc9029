import { Failure } from '@kneepoint/failures';
import { centre, type CentredMoments, type Scaling, scalingOf } from '../statistics/centre.ts';
import type { Moments } from '../statistics/moments.ts';
import { choleskyFactor } from '../statistics/symmetric-kernel.ts';
import { pivotedCholesky } from './pivoted-cholesky.ts';
import { solveFactored } from './triangular.ts';

export interface LinearFit {
  /** targets × filters, row-major, for responses as they come. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
  /** "pivoted" where the filters are linearly dependent and the penalty does not separate them. */
  readonly method: 'cholesky' | 'pivoted';
  /** Filters that can carry weight: all of them, or the size of the basis. */
  readonly rank: number;
}

/** Weights in scaled coordinates, targets × filters. */
export interface ScaledFit {
  readonly weights: Float64Array;
  readonly method: 'cholesky' | 'pivoted';
  readonly rank: number;
}

/** A pivot under this share of a standardised diagonal means that a filter repeats the ones before it. */
const DEPENDENT = 1e-11;

/**
 * Least squares with a ridge penalty: minimises (1/2n)‖V − ZWᵀ‖² + (λ/2)‖W‖² for standardised responses, so (ZᵀZ/n + λI)Wᵀ = ZᵀV/n.
 * With λ = 0 and dependent filters (p > n, duplicates) a basis of filters found by pivoting carries the fit and the others
 * weigh 0. A filter that does not vary weighs 0; labels that do not vary give weights 0 and their mean as intercept.
 * Throws REGRESSION_TOO_FEW_ROWS under 2 rows, REGRESSION_SETTING_INVALID for a λ that is negative or not finite.
 */
export function ridge(moments: Moments, { lambda }: { readonly lambda: number }): LinearFit {
  if (moments.n < 2) {
    throw new Failure('REGRESSION_TOO_FEW_ROWS', `${moments.n} rows do not determine a fit`, {
      fix: 'at least 2 rows',
    });
  }
  const scaling = scalingOf(moments);
  const fit = ridgeScaled(centre(moments, scaling), lambda);
  return { ...unscale(fit.weights, scaling), method: fit.method, rank: fit.rank };
}

/** `ridge` without a penalty. */
export function leastSquares(moments: Moments): LinearFit {
  return ridge(moments, { lambda: 0 });
}

/** The solution in scaled coordinates; see `ridge`. */
export function ridgeScaled({ gram, cross, filters, targets }: CentredMoments, lambda: number): ScaledFit {
  if (!Number.isFinite(lambda) || lambda < 0) {
    throw new Failure('REGRESSION_SETTING_INVALID', `λ = ${lambda} is not a penalty`, { fix: 'a finite λ ≥ 0' });
  }
  const matrix = gram.slice();
  for (let j = 0; j < filters; j++) matrix[j * filters + j] = (matrix[j * filters + j] as number) + lambda;
  const weights = cross.slice();
  const factor = choleskyFactor(matrix, filters, DEPENDENT);
  if (factor !== undefined) {
    for (let t = 0; t < targets; t++) solveFactored(factor, filters, weights.subarray(t * filters, (t + 1) * filters));
    return { weights, method: 'cholesky', rank: filters };
  }
  const pivoted = pivotedCholesky(matrix, filters);
  for (let t = 0; t < targets; t++)
    weights.set(pivoted.solve(weights.slice(t * filters, (t + 1) * filters)), t * filters);
  return { weights, method: 'pivoted', rank: pivoted.basis.length };
}

/** Weights for scaled responses turned into weights and intercepts for responses as they come. */
export function unscale(
  scaled: Float64Array,
  { mean, scale, targetMean }: Scaling,
): Pick<LinearFit, 'weights' | 'intercepts'> {
  const filters = mean.length;
  const weights = new Float64Array(scaled.length);
  const intercepts = targetMean.slice();
  for (let t = 0; t < targetMean.length; t++) {
    for (let j = 0; j < filters; j++) {
      const at = t * filters + j;
      const deviation = scale[j] as number;
      if (deviation === 0) continue;
      const weight = (scaled[at] as number) / deviation;
      weights[at] = weight;
      intercepts[t] = (intercepts[t] as number) - weight * (mean[j] as number);
    }
  }
  return { weights, intercepts };
}

/** Mean squared error of each target, for weights in the coordinates of `moments`: mean(v²) − 2cᵀw + wᵀGw, never under 0. */
export function meanSquaredErrors(moments: CentredMoments, weights: Float64Array): Float64Array {
  const { gram, cross, squares, filters } = moments;
  return squares.map((square, t) => {
    const w = weights.subarray(t * filters, (t + 1) * filters);
    let error = square;
    for (let i = 0; i < filters; i++) {
      const wi = w[i] as number;
      if (wi === 0) continue;
      let product = 0;
      for (let j = 0, at = i * filters; j < filters; j++, at++) product += (gram[at] as number) * (w[j] as number);
      error += wi * (product - 2 * (cross[t * filters + i] as number));
    }
    return Math.max(0, error);
  });
}
