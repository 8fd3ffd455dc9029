import { judgeChance, labelledRows, takeRows, type TaskSpec } from '@kneepoint/regression';
import type { Parts } from '@kneepoint/workflow';

/** A task with its labels, N × targets. */
export interface Labelled {
  readonly spec: TaskSpec;
  readonly labels: Float64Array;
}

/** The same parts without the rows that do not carry a label of the task. */
export function partsWith({ spec, labels }: Labelled, parts: Parts): Parts {
  const labelled = new Set(labelledRows({ spec, labels }, parts.split.length));
  const of = (rows: Int32Array): Int32Array => rows.filter((row) => labelled.has(row));
  return { ...parts, train: of(parts.train), validation: of(parts.validation), test: of(parts.test) };
}

/** Metric of a constant answer on the test rows. `parts` of the task alone. */
export function chanceOf({ spec, labels }: Labelled, { train, test }: Parts): number {
  const of = (rows: Int32Array): Float64Array => takeRows(labels, rows, spec.targets.length);
  return judgeChance(spec, of(train), of(test));
}

/** Columns [from, from + count) of N × `width` values. */
export function columnsOf(values: Float64Array, width: number, from: number, count: number): Float64Array {
  return Float64Array.from({ length: (values.length / width) * count }, (_, i) => {
    return values[Math.floor(i / count) * width + from + (i % count)]!;
  });
}
