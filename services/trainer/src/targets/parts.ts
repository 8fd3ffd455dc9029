import type { Manifest } from '@kneepoint/datasets';
import { Failure, type FailureCode } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';
import { type Parts, splitParts } from '@kneepoint/workflow';

export type { Parts } from '@kneepoint/workflow';

const NO_SPLIT: readonly FailureCode[] = ['REGRESSION_TOO_FEW_ROWS', 'REGRESSION_SPLIT_IMPOSSIBLE'];

/** The split of the tasks together; see `splitParts`. Throws TRAINING_DATA when there is too little to divide. */
export function partsOf(manifest: Manifest, tasks: readonly TaskSpec[], seed: number): Parts {
  for (const task of tasks) labelsOf(manifest, task);
  try {
    return splitParts(manifest, tasks, seed);
  } catch (error) {
    const failure = Failure.from(error);
    if (!NO_SPLIT.includes(failure.code)) throw error;
    throw new Failure('TRAINING_DATA', failure.message, {
      where: tasks.map(({ name }) => name).join(', '),
      fix: failure.fix ?? 'more labelled images',
      cause: error,
    });
  }
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
