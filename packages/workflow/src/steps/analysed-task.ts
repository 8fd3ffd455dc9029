import type { Preprocess } from '@kneepoint/datasets';
import type { TaskSpec } from '@kneepoint/regression';
import type { TapReference } from '../model.ts';
import type { RegressionSettings } from './regress.ts';

/** A model, one task of a data set, and where the analysis of the one for the other is found: what every cut starts from. */
export interface AnalysedTask {
  readonly modelSha256: string;
  /** How people call the model; no part of any content key. */
  readonly modelName: string;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  readonly taps: readonly TapReference[];
  readonly task: TaskSpec;
  readonly settings: RegressionSettings;
  readonly extractKeys: readonly string[];
  /** Content key of the regression of each layer, in graph order. */
  readonly regressKeys: readonly { readonly layer: string; readonly key: string }[];
}
