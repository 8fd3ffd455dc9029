import type { TaskSpec } from '@kneepoint/regression';

/** Whether a split keeps the images of one subject together, or deals out single images. */
export type SplitBy = 'group' | 'row';

/** A split that comes with the data and is not drawn by seed. */
export interface GivenSplit {
  /** Where it stands, such as `column "Usage"` or `folders train, val`. */
  readonly from: string;
  /** By image: 0 training, 1 validation, 2 test, 3 in no part. */
  readonly parts: Uint8Array;
}

/** A data set without its pixels: N images, and per task the regression targets of each. */
export interface Manifest {
  /** Paths relative to the folder that was imported; row i of everything below is image i. */
  readonly images: readonly string[];
  readonly tasks: readonly TaskSpec[];
  /** By task: N × targets, row-major, NaN where a label is missing. */
  readonly labels: Readonly<Record<string, Float64Array>>;
  /** By task: `row` when there is no subject or the task is to tell the subjects apart, `group` otherwise. */
  readonly splitBy: Readonly<Record<string, SplitBy>>;
  /** By task: how many images lack at least one of its labels. */
  readonly missing: Readonly<Record<string, number>>;
  /** The column that tells subjects apart, and the number of each image's subject. */
  readonly subject?: string;
  readonly groups?: Int32Array;
  /** The data set's own split, where it has one. */
  readonly split?: GivenSplit;
  /** What was guessed or left out, one sentence each. */
  readonly notes: readonly string[];
}
