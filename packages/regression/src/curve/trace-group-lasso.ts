import { groupLambdaMax, groupLassoPath, sampleLambdas } from '../lasso/index.ts';
import type { CentredMoments } from '../statistics/centre.ts';
import { SPAN, type Trace } from './trace.ts';

/** Follows the path of several targets that share their filters (L2,1 penalty), at the sampled λ only. */
export function traceGroupLasso(train: CentredMoments, count: number): Trace {
  const { filters, targets, gram, cross, squares } = train;
  const xty = new Float64Array(filters * targets);
  for (let j = 0; j < filters; j++) {
    for (let t = 0; t < targets; t++) xty[j * targets + t] = cross[t * filters + j] as number;
  }
  const problem = { p: filters, targets, gram, xty, yy: squares.reduce((a, b) => a + b, 0) };
  const lambdaMax = groupLambdaMax(problem);
  const lambdas = lambdaMax > 0 ? sampleLambdas(lambdaMax, count, SPAN) : [0];
  const { points, failed } = groupLassoPath(problem, lambdas);
  return { lambdaMax, samples: points, uncertified: failed, segments: null, skipped: [], complete: true };
}
