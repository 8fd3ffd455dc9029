import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
import { PRUNE, type PruneInput, type PruneOptions, pruneKey } from '../steps/prune.ts';
import type { RegressionSettings } from '../steps/regress.ts';
import { planAnalysis } from './analysis.ts';

export interface PruneRequest {
  readonly model: ModelReference;
  readonly dataset: DatasetReference;
  readonly task: TaskSpec;
  readonly settings: RegressionSettings;
  /** One pruned network for each. */
  readonly options: readonly PruneOptions[];
}

/**
 * The analysis that pruning reads, then one pruning per ε. What was analysed before costs nothing here: extraction is found
 * by its keys, and a layer that was fitted for this task among others by its layer-task key.
 */
export function planPrune({ model, dataset, task, settings, options }: PruneRequest): readonly StepPlan[] {
  const analysis = planAnalysis({ model, dataset, tasks: [task], settings });
  const dependsOn = analysis.steps.map((step) => step.ref);
  const prunings = options.map((option): StepPlan => {
    const input: PruneInput = {
      modelSha256: model.sha256,
      modelName: model.name,
      preprocess: model.preprocess,
      datasetSha256: dataset.sha256,
      manifestSha256: dataset.manifestSha256,
      taps: model.inspection.taps,
      task,
      settings,
      extractKeys: analysis.extractKeys,
      regressKeys: analysis.regressKeys,
      options: option,
    };
    return {
      ref: `prune-${option.epsilon}`,
      kind: PRUNE.kind,
      service: PRUNE.service,
      name: `prune for ${task.name} at ε = ${option.epsilon}`,
      key: pruneKey(input),
      input,
      dependsOn,
    };
  });
  return [...analysis.steps, ...prunings];
}
