import type { PartSizes } from '../probe/cell.ts';

/** One of the sampled λ of the path. */
export interface CurvePoint {
  readonly lambda: number;
  /** Filters with a weight other than zero. */
  readonly filters: number;
  readonly rmseTrain: number;
  readonly rmseValidation: number;
  /** Duality gap divided by the variance of the labels: how far the objective can be from its minimum. */
  readonly gap: number;
}

/**
 * The exact path of a single target: between two neighbouring knots the set of filters is fixed and both mean squared errors are
 * c₀ + c₁t + c₂t², where t goes from 0 at the larger λ to 1 at the smaller one, linearly in λ.
 */
export interface CurveSegments {
  /** Ends of the segments, largest λ first: segment k lies between entries k and k + 1. */
  readonly lambda: readonly number[];
  /** What changes as segment k begins: filter index + 1 when it joins, −(index + 1) when it leaves, 0 for nothing. */
  readonly change: readonly number[];
  /** c₀, c₁, c₂ of each segment, one after another. */
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/**
 * A layer's characteristic curve for a task (paper §5): root mean squared error against the number of filters along the lasso
 * path, on standardised responses. With several targets a filter is kept or dropped for all of them at once (L2,1 penalty), and
 * the error is the root of the mean over rows and targets, in the targets' unit. Plain JSON, every number finite.
 */
export interface CharacteristicCurve {
  readonly task: string;
  readonly targets: readonly string[];
  /** Filters of the layer. */
  readonly filters: number;
  readonly grouped: boolean;
  readonly standardised: true;
  readonly trial: number;
  readonly n: PartSizes;
  /** Smallest λ without any filter; 0 when the labels or all responses do not vary, and the curve is one point. */
  readonly lambdaMax: number;
  /** Largest λ first, geometric down to lambdaMax / 10⁴. */
  readonly points: readonly CurvePoint[];
  /** Filters of each point as changes from the point before: index + 1 joins, −(index + 1) leaves. */
  readonly supports: readonly (readonly number[])[];
  /** Indices of points whose gap did not reach 1e-9, or whose optimality conditions 1e-8. */
  readonly uncertified: readonly number[];
  /** Only for a single target. */
  readonly segments: CurveSegments | null;
  /** Filters that repeat others of the path exactly, and could take their place. */
  readonly skipped: readonly number[];
  /** False when the path had to stop above lambdaMax / 10⁴; the points end there. */
  readonly complete: boolean;
}

/** Indices of the filters of one point, ascending. */
export function supportOfPoint(curve: CharacteristicCurve, point: number): number[] {
  return replay(curve.supports.slice(0, point + 1).flat());
}

/** The set that changes lead to, ascending. */
export function replay(changes: readonly number[]): number[] {
  const kept = new Set<number>();
  for (const change of changes) {
    if (change > 0) kept.add(change - 1);
    if (change < 0) kept.delete(-change - 1);
  }
  return [...kept].sort((a, b) => a - b);
}
