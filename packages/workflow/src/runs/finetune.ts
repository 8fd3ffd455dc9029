import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
import { type Distillation, FINETUNE, type FinetuneInput, finetuneKey, type NetworkSource } from '../steps/finetune.ts';
import type { RegressionSettings } from '../steps/regress.ts';
import { type TrainingChoice, trainingSettings } from '../training-choice.ts';
import type { TrainingMode } from '../training-settings.ts';

export interface FinetuneRequest {
  readonly network: NetworkSource;
  readonly modelName: string;
  readonly preprocess: ModelReference['preprocess'];
  readonly dataset: DatasetReference;
  readonly tasks: readonly TaskSpec[];
  readonly mode: TrainingMode;
  readonly training?: TrainingChoice;
  readonly distill?: Distillation;
  /** Its seed is that of the split: curves, pruning and training see the same training images. */
  readonly settings: Pick<RegressionSettings, 'seed'>;
  /** What people call this training among others; the mode when absent. */
  readonly label?: string;
}

/** One training. Throws TRAINING_OPTION_INVALID. */
export function planFinetune(request: FinetuneRequest): readonly StepPlan[] {
  return [finetuneStep(request, { ref: 'finetune', dependsOn: [] })];
}

/** A training as a step of a larger run. Throws TRAINING_OPTION_INVALID. */
export function finetuneStep(
  request: FinetuneRequest,
  place: { readonly ref: string; readonly dependsOn: readonly string[]; readonly name?: string },
): StepPlan {
  const { network, modelName, preprocess, dataset, tasks, mode, training, distill, settings } = request;
  const input: FinetuneInput = {
    network,
    preprocess,
    datasetSha256: dataset.sha256,
    manifestSha256: dataset.manifestSha256,
    tasks,
    mode,
    settings: trainingSettings(mode, training),
    ...(distill ? { distill } : {}),
    split: { seed: settings.seed },
    label: request.label ?? mode,
    modelName,
  };
  return {
    ref: place.ref,
    kind: FINETUNE.kind,
    service: FINETUNE.service,
    timeoutSeconds: FINETUNE.timeoutSeconds,
    name: place.name ?? `train ${modelName} for ${tasks.map((task) => task.name).join(', ')} (${mode})`,
    key: finetuneKey(input),
    input,
    dependsOn: place.dependsOn,
  };
}
