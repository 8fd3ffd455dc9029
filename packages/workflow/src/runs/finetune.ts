import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
import { type Distillation, FINETUNE, type FinetuneInput, finetuneKey, type NetworkSource } from '../steps/finetune.ts';
import type { RegressionSettings } from '../steps/regress.ts';
import { TEACH, type TeachInput, teachKey } from '../steps/teach.ts';
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
  readonly distill?: DistillRequest;
  /** Its seed is that of the split: curves, pruning and training see the same training images. */
  readonly settings: Pick<RegressionSettings, 'seed'>;
  /** What people call this training among others; the mode when absent. */
  readonly label?: string;
}

/** Whose answers are learned: those that a step of kind `teach` stores, which must be among what the training waits for. */
export type DistillRequest = Pick<Distillation, 'answers'> & Partial<Distillation>;

/** What works on data sets that nobody tuned to: see docs/method.md. */
export const DEFAULT_DISTILLATION = { weight: 0.7, temperature: 2 } as const;

interface Place {
  readonly ref: string;
  readonly dependsOn: readonly string[];
  readonly name?: string;
}

/**
 * One training; with a network that teaches, its answers are stored first. Throws TRAINING_OPTION_INVALID.
 */
export function planFinetune({
  teacher,
  ...request
}: Omit<FinetuneRequest, 'distill'> & {
  readonly teacher?: { readonly network: NetworkSource } & Partial<Omit<Distillation, 'answers'>>;
}): readonly StepPlan[] {
  if (!teacher) return [finetuneStep(request, { ref: 'finetune', dependsOn: [] })];
  const { network, ...manner } = teacher;
  const teach = teachStep({ ...request, network }, { ref: 'teach', dependsOn: [] });
  const distill = { ...manner, answers: answersOf(teach) };
  return [teach, finetuneStep({ ...request, distill }, { ref: 'finetune', dependsOn: [teach.ref] })];
}

/** A training as a step of a larger run. Throws TRAINING_OPTION_INVALID. */
export function finetuneStep(request: FinetuneRequest, place: Place): StepPlan {
  const { network, modelName, preprocess, dataset, tasks, mode, training, distill, settings } = request;
  const input: FinetuneInput = {
    network,
    preprocess,
    datasetSha256: dataset.sha256,
    manifestSha256: dataset.manifestSha256,
    tasks,
    mode,
    settings: trainingSettings(mode, training),
    ...(distill ? { distill: { ...DEFAULT_DISTILLATION, ...distill } } : {}),
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

/**
 * A network's answers to the variants of the training images, for trainings of this mode and choice to learn from. Throws
 * TRAINING_OPTION_INVALID.
 */
export function teachStep(
  request: Pick<
    FinetuneRequest,
    'network' | 'modelName' | 'preprocess' | 'dataset' | 'tasks' | 'mode' | 'training' | 'settings'
  >,
  place: Place,
): StepPlan {
  const { network, modelName, preprocess, dataset, tasks, settings } = request;
  const { augment, seed } = trainingSettings(request.mode, request.training);
  const input: TeachInput = {
    network,
    preprocess,
    datasetSha256: dataset.sha256,
    manifestSha256: dataset.manifestSha256,
    tasks,
    augment,
    seed,
    split: { seed: settings.seed },
    modelName,
  };
  return {
    ref: place.ref,
    kind: TEACH.kind,
    service: TEACH.service,
    timeoutSeconds: TEACH.timeoutSeconds,
    name: place.name ?? `answers of ${modelName} for ${tasks.map((task) => task.name).join(', ')}`,
    key: teachKey(input),
    input,
    dependsOn: place.dependsOn,
  };
}

/** Where a training finds what a step of kind `teach` stores. */
export function answersOf({ key }: Pick<StepPlan, 'key'>): Distillation['answers'] {
  return { key, field: 'answersSha256' };
}
