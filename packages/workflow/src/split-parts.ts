import type { Manifest } from '@kneepoint/datasets';
import {
  type AnalysedTask,
  labelledRows,
  splitTask,
  type TaskSpec,
  TEST,
  TRAIN,
  VALIDATION,
} from '@kneepoint/regression';

/** Rows of a data set by what they are for. */
export interface Parts {
  /** One entry per row: TRAIN, VALIDATION, TEST, or LEFT_OUT where no task has a label. */
  readonly split: Uint8Array;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
  /** What was kept together: the subject's column, or "image". */
  readonly by: string;
  /** Where the split comes from when the data set has its own, such as `column "Usage"`. */
  readonly given?: string;
}

/**
 * The data set's own split where it has one, else the first trial's, as the curves have it. Several tasks share the split of the rows that any of them labels, image by image
 * as soon as one of them (who is it?) cannot keep subjects together; where all label the same images that is the split of each.
 * Throws REGRESSION_TOO_FEW_ROWS, REGRESSION_SPLIT_IMPOSSIBLE.
 */
export function splitParts(manifest: Manifest, tasks: readonly TaskSpec[], seed: number): Parts {
  const rows = manifest.images.length;
  const task = tasks.length === 1 ? single(manifest, tasks[0]!) : together(manifest, tasks);
  const split = splitTask(task, { rows, groups: manifest.groups, given: manifest.split?.parts, seed, trial: 0 });
  const of = (part: number): Int32Array => Int32Array.from(split.keys()).filter((row) => split[row] === part);
  const by = task.splitBy === 'row' || manifest.groups === undefined ? 'image' : (manifest.subject ?? 'image');
  return {
    split,
    train: of(TRAIN),
    validation: of(VALIDATION),
    test: of(TEST),
    by,
    ...(manifest.split ? { given: manifest.split.from } : {}),
  };
}

/** Whether the tasks' own splits, on which their curves were computed, are the one that they share. */
export function sharesSplit(manifest: Manifest, tasks: readonly TaskSpec[], seed: number): boolean {
  const { split } = splitParts(manifest, tasks, seed);
  return tasks.every((task) => splitParts(manifest, [task], seed).split.every((part, row) => part === split[row]));
}

function single(manifest: Manifest, spec: TaskSpec): AnalysedTask {
  return { spec, labels: manifest.labels[spec.name]!, splitBy: manifest.splitBy[spec.name] };
}

function together(manifest: Manifest, tasks: readonly TaskSpec[]): AnalysedTask {
  const rows = manifest.images.length;
  const labelled = new Set(
    tasks.flatMap((spec) => [...labelledRows({ spec, labels: manifest.labels[spec.name]! }, rows)]),
  );
  return {
    spec: { name: 'any task', type: 'continuous', targets: ['labelled'] },
    labels: Float64Array.from(manifest.images.keys(), (row) => (labelled.has(row) ? 0 : NaN)),
    splitBy: tasks.some(({ name }) => manifest.splitBy[name] === 'row') ? 'row' : 'group',
  };
}
