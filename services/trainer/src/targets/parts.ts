import type { Manifest } from '@kneepoint/datasets';
import { Failure, type FailureCode } from '@kneepoint/failures';
import { type AnalysedTask, splitTask, type TaskSpec, TEST, TRAIN, VALIDATION } from '@kneepoint/regression';

/** Rows of a data set by what they are for. */
export interface Parts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
  /** What was kept together: the subject's column, or "image". */
  readonly by: string;
}

const NO_SPLIT: readonly FailureCode[] = ['REGRESSION_TOO_FEW_ROWS', 'REGRESSION_SPLIT_IMPOSSIBLE'];

/**
 * The first trial's split, as the curves and the pruning have it. Several tasks share the split of the rows that any of them labels, image
 * by image as soon as one task (who is it?) cannot keep subjects together. Throws TRAINING_DATA when there is too little to divide.
 */
export function partsOf(manifest: Manifest, tasks: readonly TaskSpec[], seed: number): Parts {
  const rows = manifest.images.length;
  const task = tasks.length === 1 ? single(manifest, tasks[0]!) : together(manifest, tasks);
  let split: Uint8Array;
  try {
    split = splitTask(task, { rows, groups: manifest.groups, seed, trial: 0 });
  } catch (error) {
    const failure = Failure.from(error);
    if (!NO_SPLIT.includes(failure.code)) throw error;
    throw new Failure('TRAINING_DATA', failure.message, {
      where: tasks.map(({ name }) => name).join(', '),
      fix: failure.fix ?? 'more labelled images',
      cause: error,
    });
  }
  const of = (part: number): Int32Array => Int32Array.from(split.keys()).filter((row) => split[row] === part);
  const by = task.splitBy === 'row' || manifest.groups === undefined ? 'image' : (manifest.subject ?? 'image');
  return { train: of(TRAIN), validation: of(VALIDATION), test: of(TEST), by };
}

function single(manifest: Manifest, spec: TaskSpec): AnalysedTask {
  return { spec, labels: labelsOf(manifest, spec), splitBy: manifest.splitBy[spec.name] };
}

function together(manifest: Manifest, tasks: readonly TaskSpec[]): AnalysedTask {
  const labelled = tasks.map((spec) => {
    const labels = labelsOf(manifest, spec);
    const width = spec.targets.length;
    return (row: number) => !labels.subarray(row * width, (row + 1) * width).some(Number.isNaN);
  });
  return {
    spec: { name: 'any task', type: 'continuous', targets: ['labelled'] },
    labels: Float64Array.from(manifest.images.keys(), (row) => (labelled.some((has) => has(row)) ? 0 : NaN)),
    splitBy: tasks.some(({ name }) => manifest.splitBy[name] === 'row') ? 'row' : 'group',
  };
}

/** N × targets of a task. Throws TRAINING_DATA when the data set does not label it. */
export function labelsOf(manifest: Manifest, { name }: TaskSpec): Float64Array {
  const labels = manifest.labels[name];
  if (labels) return labels;
  throw new Failure('TRAINING_DATA', `the data set has no labels of "${name}"`, {
    where: name,
    fix: `one of ${manifest.tasks.map((task) => task.name).join(', ')}`,
  });
}
