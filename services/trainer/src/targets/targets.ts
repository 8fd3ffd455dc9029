import { type Manifest, mirrorTargets } from '@kneepoint/datasets';
import { labelledRows, type TaskSpec } from '@kneepoint/regression';
import { labelsOf } from './parts.ts';

/** One task among the columns of the head. */
export interface TaskColumns {
  readonly spec: TaskSpec;
  /** Columns [from, to) of the network's answer. */
  readonly from: number;
  readonly to: number;
  /** N × targets in the units of the targets. */
  readonly labels: Float64Array;
  /** Whether an image has a label, by row; of several labels, one. */
  readonly labelled: Uint8Array;
  /** Whether some images have a part of the labels only, the others being NaN. */
  readonly partial: boolean;
}

/** Values are regressed; the others are told apart. */
export function isValue({ type }: TaskSpec): boolean {
  return type === 'continuous' || type === 'ordered';
}

/** Classes are told apart by logits: what a threshold is where validation says nothing else. */
export const LOGIT_OF_A_HALF = 0;

/** Labels of all tasks side by side, in the scale in which the network is trained: values with mean 0 and variance 1 over the training rows. */
export class Targets {
  readonly tasks: readonly TaskColumns[];
  readonly width: number;
  /** Per column; 0 and 1 for classes. */
  readonly mean: Float64Array;
  readonly deviation: Float64Array;

  constructor(manifest: Manifest, specs: readonly TaskSpec[], train: Int32Array) {
    let width = 0;
    this.tasks = specs.map((spec) => {
      const labels = labelsOf(manifest, spec);
      const labelled = new Uint8Array(manifest.images.length);
      for (const row of labelledRows({ spec, labels }, manifest.images.length)) labelled[row] = 1;
      const from = width;
      width += spec.targets.length;
      const partial = labels.some(
        (value, i) => Number.isNaN(value) && labelled[Math.floor(i / spec.targets.length)] === 1,
      );
      return { spec, from, to: width, labels, labelled, partial };
    });
    this.width = width;
    this.mean = new Float64Array(width);
    this.deviation = new Float64Array(width).fill(1);
    for (const task of this.tasks) if (isValue(task.spec)) this.#standardise(task, train);
  }

  /** Rows that carry a label of a task. */
  labelled({ labelled }: TaskColumns, rows: Int32Array): Int32Array {
    return rows.filter((row) => labelled[row] === 1);
  }

  /** What an image counts for a task: the share of its labels that are known. */
  known(task: TaskColumns, row: number): number {
    if (!task.partial || task.labelled[row] !== 1) return task.labelled[row]!;
    const width = task.to - task.from;
    const own = task.labels.subarray(row * width, (row + 1) * width);
    return own.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0) / width;
  }

  /** Labels of one task for one image into `out` at `offset`, in the training scale; NaN where one is not known. */
  fill(task: TaskColumns, row: number, mirrored: boolean, out: Float32Array, offset: number): void {
    const width = task.to - task.from;
    for (let k = 0; k < width; k++) out[offset + k] = task.labels[row * width + k]!;
    if (mirrored) mirrorTargets(task.spec, out, offset);
    for (let k = 0; k < width; k++) {
      const column = task.from + k;
      out[offset + k] = (out[offset + k]! - this.mean[column]!) / this.deviation[column]!;
    }
  }

  #standardise(task: TaskColumns, train: Int32Array): void {
    const rows = this.labelled(task, train);
    const width = task.to - task.from;
    for (let k = 0; k < width; k++) {
      const values = Array.from(rows, (row) => task.labels[row * width + k]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
      this.mean[task.from + k] = mean;
      // Labels that don't vary leave nothing to scale by.
      this.deviation[task.from + k] = variance > 0 ? Math.sqrt(variance) : 1;
    }
  }
}
