import type { CentredMoments } from '../statistics/centre.ts';
import { meanSquaredErrors, ridgeScaled } from './ridge.ts';

/** Penalties tried on standardised responses, whose Gram matrix has ones on its diagonal. */
export const RIDGE_LAMBDAS: readonly number[] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** Columns that belong together: their errors are summed to choose one penalty. */
export interface TargetBlock {
  readonly from: number;
  readonly count: number;
}

export interface ChosenRidge {
  /** targets × filters in scaled coordinates, each block from its own penalty. */
  readonly weights: Float64Array;
  /** The penalty of each block. */
  readonly lambdas: readonly number[];
}

/**
 * Fits every target for every penalty, one factorisation each, and keeps for each block the penalty with the least squared
 * error on validation; of equals, the larger one.
 */
export function chooseRidge(
  train: CentredMoments,
  validation: CentredMoments,
  blocks: readonly TargetBlock[],
  penalties: readonly number[] = RIDGE_LAMBDAS,
): ChosenRidge {
  const { filters, targets } = train;
  const weights = new Float64Array(targets * filters);
  const best = blocks.map(() => ({ error: Infinity, lambda: 0 }));
  for (const lambda of [...penalties].sort((a, b) => b - a)) {
    const fit = ridgeScaled(train, lambda);
    const errors = meanSquaredErrors(validation, fit.weights);
    blocks.forEach(({ from, count }, i) => {
      const error = errors.subarray(from, from + count).reduce((a, b) => a + b, 0);
      if (error >= (best[i]?.error ?? Infinity)) return;
      best[i] = { error, lambda };
      weights.set(fit.weights.subarray(from * filters, (from + count) * filters), from * filters);
    });
  }
  return { weights, lambdas: best.map(({ lambda }) => lambda) };
}
