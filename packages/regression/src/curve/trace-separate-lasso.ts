import { sampleLambdas, separateLambdaMax, separateLassoPath, type SeparateTarget } from '../lasso/index.ts';
import type { CentredMoments } from '../statistics/centre.ts';
import { SPAN, type Trace } from './trace.ts';

/**
 * Follows the path of targets that share their filters (L2,1 penalty) and are known on rows of their own, at the sampled λ. A target
 * counts by its rows, so that the objective is ½ · the squared errors of all labels that are known, over rows · targets as many as these.
 * @param parts one for each target
 */
export function traceSeparateLasso(parts: readonly { readonly train: CentredMoments }[], count: number): Trace {
  const mean = parts.reduce((sum, { train }) => sum + train.n, 0) / parts.length;
  const targets = parts.map(({ train }): SeparateTarget => {
    return { gram: train.gram, xty: train.cross, yy: train.squares[0] ?? 0, weight: train.n / mean };
  });
  const lambdaMax = separateLambdaMax(targets);
  const lambdas = lambdaMax > 0 ? sampleLambdas(lambdaMax, count, SPAN) : [0];
  const { points, failed } = separateLassoPath(targets, lambdas);
  return { lambdaMax, samples: points, uncertified: failed, segments: null, skipped: [], complete: true };
}
