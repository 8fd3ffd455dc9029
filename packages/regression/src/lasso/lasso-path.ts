import { Failure } from '@kneepoint/failures';
import type { GramProblem } from './gram-problem.ts';
import { followPath } from './homotopy-kernel.ts';
import type { LassoPath } from './path-shape.ts';

export interface LassoPathOptions {
  /** Where the path ends, as a share of lambdaMax, in [0, 1). Default 1e-4 (paper §5). */
  readonly lambdaMinRatio?: number;
  /** Most knots followed. Default 10 p + 100; paths of up to 3.6 p knots have been seen. */
  readonly maxKnots?: number;
}

/**
 * The exact lasso path by homotopy (Osborne, Presnell, Turlach 2000; Efron et al. 2004).
 *
 * Of filters tied at a join the lowest index goes first; of duplicated or collinear filters the first to join is kept and the
 * others are listed in `skipped`. Constant filters never join. p > n is an ordinary case: at most rank(G) filters are active.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE, REGRESSION_GRAM_INVALID, REGRESSION_SETTING_INVALID, REGRESSION_TOO_LARGE.
 */
export function lassoPath(problem: GramProblem, options: LassoPathOptions = {}): LassoPath {
  const { lambdaMinRatio = 1e-4, maxKnots = 10 * problem.p + 100 } = options;
  if (!(lambdaMinRatio >= 0 && lambdaMinRatio < 1))
    invalid('lambdaMinRatio', lambdaMinRatio, 'a number from 0 to under 1');
  if (!(Number.isInteger(maxKnots) && maxKnots >= 1)) invalid('maxKnots', maxKnots, 'a whole number from 1 on');
  return followPath(problem, lambdaMinRatio, maxKnots);
}

function invalid(where: string, value: number, fix: string): never {
  throw new Failure('REGRESSION_SETTING_INVALID', `${where} is ${value}`, { where, fix });
}
