import type { Preprocess } from '@kneepoint/datasets';
import type { TaskSpec } from '@kneepoint/regression';
import type { TapReference } from '../model.ts';
import type { RegressionSettings } from './regress.ts';

/** A model, tasks of a data set, and where the analysis of the one for the others is found: what every cut starts from. */
export interface AnalysedTasks {
  readonly modelSha256: string;
  /** How people call the model; no part of any content key. */
  readonly modelName: string;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  readonly taps: readonly TapReference[];
  /** What the network is for: one task, or several whose targets stand side by side in one head. */
  readonly tasks: readonly TaskSpec[];
  readonly settings: RegressionSettings;
  readonly extractKeys: readonly string[];
  /** Content key of the regression of each layer, in graph order; of the tasks, and of those to avoid. */
  readonly regressKeys: readonly { readonly layer: string; readonly key: string }[];
}

/** What people call the tasks together. */
export function tasksName(tasks: readonly Pick<TaskSpec, 'name'>[]): string {
  return tasks.map(({ name }) => name).join('+');
}
