/** How answers of one class came out; a label that holds or not is a class of its own. */
export interface ClassFigures {
  /** Share of the rows answered so that are so; null where none was answered so. */
  readonly precision: number | null;
  /** Share of the rows that are so that were answered so; null where none is so. */
  readonly recall: number | null;
  /** Harmonic mean of the two, 2·TP / (2·TP + FP + FN); null where there is nothing to share. */
  readonly f1: number | null;
}

export interface BrokenDownClass extends ClassFigures {
  readonly name: string;
  /** Rows that are of the class. */
  readonly rows: number;
}

/** Errors of values whose truth lies within bounds. */
export interface ResidualFigures {
  /** Mean of answer − truth: above 0 where it is guessed too high. */
  readonly mean: number;
  /** Standard deviation of answer − truth. */
  readonly spread: number;
}

export interface BrokenDownBin extends ResidualFigures {
  /** Smallest and largest truth in it. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** What the one figure of a metric is made of. Every number is finite. */
export interface Breakdown {
  /** In the order of their ids; empty for a task of values. */
  readonly classes: readonly BrokenDownClass[];
  /** Rows by truth (outer) and answer (inner); null where each label is decided by itself, or classes are more than `MOST_CONFUSED`. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** In ascending order of the truth, as many rows in each as there can be; empty for a task of classes. */
  readonly residuals: readonly BrokenDownBin[];
}
