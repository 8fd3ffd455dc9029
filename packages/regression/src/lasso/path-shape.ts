/** What happens at a knot: a filter joins with a positive or a negative coefficient, a filter is dropped, the path ends. */
export const JOIN_POSITIVE = 1;
export const JOIN_NEGATIVE = -1;
export const DROP = 2;
export const END = 0;

/**
 * The exact lasso path w(λ) of ½ yy − xtyᵀw + ½ wᵀGw + λ‖w‖₁, piecewise linear between its knots, largest λ first.
 *
 * Columns have one entry per knot. Knot j has λ = lambda[j], where `filter[j]` does `kind[j]`; on segment j, lambda[j+1] ≤ λ ≤
 * lambda[j], the active filters are those after event j. The last knot is an END (filter −1). `values[offset[j] … offset[j+1])`
 * are the active coefficients at knot j, ordered as PathCursor replays them. A problem without covariance has lambdaMax 0 and
 * a single END.
 */
export interface LassoPath {
  readonly p: number;
  /** The smallest λ at which every coefficient is 0. */
  readonly lambdaMax: number;
  readonly lambda: Float64Array;
  readonly filter: Int32Array;
  readonly kind: Int8Array;
  readonly offset: Float64Array;
  readonly values: Float64Array;
  /** Whether the path reached the λ that was asked for. */
  readonly complete: boolean;
  /** Where and why an incomplete path ends. */
  readonly stoppedAt?: { readonly lambda: number; readonly reason: 'knots' | 'degenerate' };
  /**
   * Filters that reached the bound while being a linear combination of active ones, in rising order. They stay at 0: another
   * solution with the same fit may use them instead.
   */
  readonly skipped: Int32Array;
}
