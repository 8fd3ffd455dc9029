/** How a task's labels are read and judged (paper §2). One file per type stands in `../kinds`. */
export type TaskType = 'continuous' | 'binary' | 'ordered' | 'multilabel' | 'categorical';

/**
 * What happens to a task's targets when an image is mirrored left to right. `negate` and `swap` hold indices of targets:
 * a yaw changes its sign, "left" and "right" change places.
 */
export type MirrorRule =
  'unchanged' | { readonly negate: readonly number[] } | { readonly swap: readonly (readonly number[])[] };

/** A task as plain JSON: what is regressed, and how the regressed values become an answer. */
export interface TaskSpec {
  readonly name: string;
  readonly type: TaskType;
  /** Unit of continuous and ordered targets, for people. */
  readonly unit?: string;
  /** Binary: [negative, positive]. Categorical: class names. Multilabel: label names. Ordered: optional bin names. */
  readonly classes?: readonly string[];
  /** Ordered only: inner edges per target, ascending. k edges make k + 1 bins; a value on an edge belongs to the bin above it. */
  readonly bins?: readonly (readonly number[])[];
  /** Names of the regression targets: 1 for continuous and binary, 1 or 2 for ordered, one per class for the others. */
  readonly targets: readonly string[];
  /** Absent: mirroring an image is not known to be safe for this task. */
  readonly mirror?: MirrorRule;
}

/** A task with the labels of N rows. */
export interface LabelledTask {
  readonly spec: TaskSpec;
  /**
   * N × targets, row-major, as regression targets: the value (continuous, ordered), 0 or 1 (binary, multilabel), one-hot
   * (categorical). A row with a NaN has no label and is left out for this task; of a multilabel task only the label that is NaN is not known.
   */
  readonly labels: Float64Array;
}
