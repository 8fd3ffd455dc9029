import {
  certify,
  DROP,
  END,
  type LassoPath,
  lassoPath,
  sampleLambdas,
  samplePath,
  segmentErrors,
} from '../lasso/index.ts';
import type { CentredMoments } from '../statistics/centre.ts';
import type { CurveSegments } from './characteristic-curve.ts';
import { SPAN, type Trace } from './trace.ts';

/** Follows the exact path of a single target, samples and certifies it, and measures every segment on both parts. */
export function traceLasso(train: CentredMoments, validation: CentredMoments, count: number): Trace {
  const problem = { p: train.filters, ...termsOf(train) };
  const path = lassoPath(problem, { lambdaMinRatio: 1 / SPAN });
  // Rounding may put the last sample a hair below the end of the path, which belongs to it.
  const end = (path.lambda.at(-1) ?? 0) * (1 - 1e-12);
  const lambdas =
    path.lambdaMax > 0 ? sampleLambdas(path.lambdaMax, count, SPAN).filter((lambda) => lambda >= end) : [0];
  const { points, gap, failed } = certify(problem, samplePath(path, lambdas));
  return {
    lambdaMax: path.lambdaMax,
    samples: points.map(({ lambda, coefficients }, i) => ({
      lambda,
      index: coefficients.index,
      weights: coefficients.value,
      gap: gap[i] as number,
    })),
    uncertified: failed,
    segments: segmentsOf(path, segmentErrors(path, termsOf(train)), segmentErrors(path, termsOf(validation))),
    skipped: Array.from(path.skipped),
    complete: path.complete,
  };
}

const termsOf = ({ gram, cross, squares }: CentredMoments) => ({ gram, xty: cross, yy: squares[0] ?? 0 });

function segmentsOf(path: LassoPath, train: Float64Array, validation: Float64Array): CurveSegments {
  const changes = Array.from(path.filter, (filter, knot) => {
    const kind = path.kind[knot];
    if (kind === END) return 0;
    return kind === DROP ? -(filter + 1) : filter + 1;
  });
  const segments = Math.max(0, path.lambda.length - 1);
  return {
    lambda: Array.from(path.lambda),
    change: changes.slice(0, segments),
    train: Array.from(train.subarray(0, 3 * segments)),
    validation: Array.from(validation.subarray(0, 3 * segments)),
  };
}
