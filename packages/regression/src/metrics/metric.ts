/** What a probe said about n rows, beside what is true. */
export interface Outcome {
  readonly rows: number;
  readonly targets: number;
  /** rows × targets, as regressed. */
  readonly labels: Float64Array;
  readonly scores: Float64Array;
  readonly columns: number;
  /** rows × columns: the answer after thresholds, argmax or bins (class ids), or the value itself; NaN in `truth` for a label that is not known. */
  readonly truth: Float64Array;
  readonly decision: Float64Array;
}

export interface Metric {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** Finite for every outcome of at least one row that carries a label. */
  measure(outcome: Outcome): number;
}
