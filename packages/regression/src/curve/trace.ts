import type { CurveSegments } from './characteristic-curve.ts';

/** Largest over smallest λ of a path (paper §5). */
export const SPAN = 1e4;

/** The weights of one sampled λ, on scaled responses. */
export interface Sample {
  readonly lambda: number;
  /** Filters with weight, ascending. */
  readonly index: Int32Array;
  /** index.length × targets, row-major. */
  readonly weights: Float64Array;
  /** Relative duality gap. */
  readonly gap: number;
}

/** A regularisation path as the curve needs it, whichever solver followed it. */
export interface Trace {
  readonly lambdaMax: number;
  readonly samples: readonly Sample[];
  /** Positions of the samples that did not reach the certificate. */
  readonly uncertified: readonly number[];
  readonly segments: CurveSegments | null;
  readonly skipped: readonly number[];
  readonly complete: boolean;
}
