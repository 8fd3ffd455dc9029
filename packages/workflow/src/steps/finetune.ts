import type { Preprocess } from '@kneepoint/datasets';
import { contentKey } from '@kneepoint/platform';
import type { Breakdown, Interval, MetricName, RowAnswers, TaskSpec } from '@kneepoint/regression';
import type { TrainingMode, TrainingSettings } from '../training-settings.ts';
import type { StepKind } from './step-kind.ts';

/** Trains an image → task network on a data set, chooses its best epoch on validation and judges that on test. */
export const FINETUNE = {
  kind: 'finetune',
  service: 'trainer',
  version: 7,
  timeoutSeconds: 50 * 3600,
} as const satisfies StepKind;

/**
 * Where a network comes from.
 * `sha256`: an artifact that is an image → task network: its last node is a linear head (Gemm) with as many outputs as the tasks have targets.
 * `step`: such a network that an earlier step makes: member `field` of the output under content key `key`.
 * `model`: a registered network as its maker left it; it is cut at the tap of `layer` (null: the last tap) and gets a fresh linear head.
 */
export type NetworkSource =
  | { readonly sha256: string }
  | { readonly step: { readonly key: string; readonly field: string } }
  | { readonly model: { readonly sha256: string; readonly layer: string | null } };

/** Learning from the answers of another network with the same outputs (Hinton et al. 2015). */
export interface Distillation {
  /** What a step of kind `teach` made: member `field` of the output under content key `key`. */
  readonly answers: { readonly key: string; readonly field: string };
  /** Share of the loss that compares with the teacher rather than with the labels, between 0 and 1. */
  readonly weight: number;
  /** Divides the logits of classes before they are compared; values are compared as they are. */
  readonly temperature: number;
}

export interface FinetuneInput {
  readonly network: NetworkSource;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  /** One, or several whose targets stand side by side in one head. */
  readonly tasks: readonly TaskSpec[];
  readonly mode: TrainingMode;
  readonly settings: TrainingSettings;
  readonly distill?: Distillation;
  /** Seed of the split; it is the first trial's, on which the curves were computed and the network was pruned. */
  readonly split: { readonly seed: number };
  /** What people call this arm of a comparison; no part of the key. */
  readonly label: string;
  /** No part of the key. */
  readonly modelName: string;
}

/** One epoch as it ended. Epoch 0 is the network before training. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean loss over the training images of the epoch; null for epoch 0. */
  readonly loss: number | null;
  readonly validationLoss: number;
  /**
   * On validation: the task's main metric; for several tasks the mean of their metrics, where an error counts as
   * 1 − error / error of the constant answer, so that higher is better.
   */
  readonly metric: number;
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Training and validation of this epoch. */
  readonly seconds: number;
  /** How often the training had begun again by then, each time at half the rate; absent when never. */
  readonly restarts?: number;
}

export interface FinetunedTask {
  readonly task: string;
  readonly metric: MetricName;
  readonly higherIsBetter: boolean;
  readonly validation: number;
  /** Judged once, with the best epoch's weights and the thresholds from validation. */
  readonly test: number;
  /** Bootstrap interval of `test`. */
  readonly interval: Interval;
  /** `test` on each resample of the bootstrap, in order, to six digits; see `bootstrap`. */
  readonly draws: readonly number[];
  /** The constant answer on the same test rows. */
  readonly chance: number;
  /** The task's further metrics on test. */
  readonly others: Readonly<Partial<Record<MetricName, number>>>;
  /** One per target for binary and multilabel tasks, in the network's outputs (logits); else empty. */
  readonly thresholds: readonly number[];
  /** What `test` is made of. */
  readonly breakdown: Breakdown;
  /** The same, image by image; absent of what was trained before they were kept. */
  readonly answers?: RowAnswers;
}

export interface FinetuneOutput {
  /** As it is worked on: float32 images with the channels first. */
  readonly modelSha256: string;
  /** As the original declares its inputs and outputs; absent where that is the same. */
  readonly declaredSha256?: string;
  readonly tasks: readonly FinetunedTask[];
  readonly bestEpoch: number;
  readonly epochs: readonly EpochRecord[];
  readonly stoppedEarly: boolean;
  /** Time in training and validation, over all attempts that led here. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly steps: number;
  readonly provider: string;
  /** Learned numbers of the network, and of those the ones that trained. */
  readonly parameters: number;
  readonly trainedParameters: number;
  readonly split: { readonly by: string; readonly train: number; readonly validation: number; readonly test: number };
  /** What the reader should know: a batch that was made smaller, a flip that a task does not allow, a training that began again. */
  readonly notes: readonly string[];
  /** The search that it belongs to was over: this is the output of an earlier training, under this content key, passed on. */
  readonly settled?: string;
}

/** What a running training shows in its checkpoint's position. */
export interface FinetunePosition {
  /** Epochs that have ended. */
  readonly epoch: number;
  /** Steps done in the epoch that runs. */
  readonly step: number;
  readonly epochs: readonly EpochRecord[];
  readonly best: { readonly epoch: number; readonly metric: number } | null;
}

/** Labels, names and the rhythm of checkpoints are no part of the key: they don't change what comes out. */
export function finetuneKey(input: FinetuneInput): string {
  const { label: _label, modelName: _modelName, settings, ...content } = input;
  const { checkpointSeconds: _rhythm, ...decisive } = settings;
  return contentKey(FINETUNE.kind, FINETUNE.version, { ...content, settings: decisive });
}
