import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
import type { AnalysedTask } from '../steps/analysed-task.ts';
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
export function planPrune(request: PruneRequest): readonly StepPlan[] {
  const analysis = planTaskAnalysis(request);
  return [...analysis.steps, ...pruneSteps(request, analysis)];
}

export interface TaskAnalysisPlan {
  readonly steps: readonly StepPlan[];
  /** Where a cut finds what the analysis left. */
  readonly task: AnalysedTask;
}

/** The analysis of one task, and the references by which a cut for it is asked for. */
export function planTaskAnalysis({ model, dataset, task, settings }: PruneRequest): TaskAnalysisPlan {
  const { steps, extractKeys, regressKeys } = planAnalysis({ model, dataset, tasks: [task], settings });
  return {
    steps,
    task: {
      modelSha256: model.sha256,
      modelName: model.name,
      preprocess: model.preprocess,
      datasetSha256: dataset.sha256,
      manifestSha256: dataset.manifestSha256,
      taps: model.inspection.taps,
      task,
      settings,
      extractKeys,
      regressKeys,
    },
  };
}

/** One pruning for each ε, behind the analysis. */
export function pruneSteps(
  { options }: Pick<PruneRequest, 'options'>,
  analysis: TaskAnalysisPlan,
): readonly StepPlan[] {
  const dependsOn = analysis.steps.map((step) => step.ref);
  return options.map((option): StepPlan => {
    const input: PruneInput = { ...analysis.task, options: option };
    return {
      ref: `prune-${option.epsilon}`,
      kind: PRUNE.kind,
      service: PRUNE.service,
      name: `prune for ${input.task.name} at ε = ${option.epsilon}`,
      key: pruneKey(input),
      input,
      dependsOn,
    };
  });
}
