import { Failure } from '@kneepoint/failures';
import { PathCursor } from './path-cursor.ts';
import type { LassoPath } from './path-shape.ts';

/** The coefficients that are not 0: filters in rising order and their values. */
export interface SparseCoefficients {
  readonly index: Int32Array;
  readonly value: Float64Array;
}

export interface PathPoint {
  readonly lambda: number;
  readonly coefficients: SparseCoefficients;
  readonly nonZero: number;
}

/** Rounding between λmax / 1e4 and λmax · 1e-4 is not leaving the path. */
const SLACK = 1e-9;

/**
 * The exact solution at each λ, interpolated between its knots; any order, largest first is fastest. Empty at λ ≥ lambdaMax.
 * Throws REGRESSION_OFF_PATH for a λ below the end of the path.
 */
export function samplePath(path: LassoPath, lambdas: ArrayLike<number>): PathPoint[] {
  const cursor = new PathCursor(path);
  const dense = new Float64Array(path.p);
  return Array.from(lambdas, (lambda) => pointAt(cursor, lambda, dense));
}

/** The exact solution at one λ. Throws REGRESSION_OFF_PATH. */
export function coefficientsAt(path: LassoPath, lambda: number): SparseCoefficients {
  return pointAt(new PathCursor(path), lambda, new Float64Array(path.p)).coefficients;
}

/** The filters with a coefficient at λ, in rising order. Throws REGRESSION_OFF_PATH. */
export function supportAt(path: LassoPath, lambda: number): Int32Array {
  return coefficientsAt(path, lambda).index;
}

/** `dense`: scratch of p zeros, left so. */
function pointAt(cursor: PathCursor, lambda: number, dense: Float64Array): PathPoint {
  const { path } = cursor;
  const end = path.lambda[path.lambda.length - 1] as number;
  if (!(lambda >= end * (1 - SLACK)))
    throw new Failure('REGRESSION_OFF_PATH', `λ = ${lambda} lies below the end of the path, ${end}`, {
      where: path.stoppedAt ? `stopped: ${path.stoppedAt.reason}` : 'lambda',
      fix: path.stoppedAt ? 'a larger maxKnots' : 'a λ on the path, or a smaller lambdaMinRatio',
    });
  cursor.seekLambda(lambda);
  const nonZero = cursor.interpolate(segmentFraction(path, cursor.segment, lambda), dense);
  return { lambda, coefficients: takeSparse(dense, nonZero), nonZero };
}

/** The entries that are not 0, which are set to 0. */
function takeSparse(dense: Float64Array, nonZero: number): SparseCoefficients {
  const index = new Int32Array(nonZero);
  const value = new Float64Array(nonZero);
  let k = 0;
  for (let i = 0; k < nonZero; i++) {
    const own = dense[i] as number;
    if (own === 0) continue;
    index[k] = i;
    value[k++] = own;
    dense[i] = 0;
  }
  return { index, value };
}

/** Where λ lies on a segment: 0 at its larger end, 1 at its smaller one; 0 on a segment without length. */
export function segmentFraction(path: LassoPath, segment: number, lambda: number): number {
  const from = path.lambda[segment] as number;
  const to = path.lambda[segment + 1] ?? from;
  if (!(from > to)) return 0;
  return Math.min(1, Math.max(0, (from - lambda) / (from - to)));
}
