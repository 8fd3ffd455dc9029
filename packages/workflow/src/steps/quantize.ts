import type { Preprocess } from '@kneepoint/datasets';
import { contentKey } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { KeepGoal } from '../rounds/keep-goal.ts';
import type { FinetunedTask, NetworkSource } from './finetune.ts';
import type { StepKind } from './step-kind.ts';

/** Turns an image → task network into whole numbers: calibrated on the training images, chosen and checked on validation, judged on test. */
export const QUANTIZE = {
  kind: 'quantize',
  service: 'trainer',
  version: 3,
  timeoutSeconds: 4 * 3600,
} as const satisfies StepKind;

export interface QuantizeInput {
  /** As it is worked on: what a pruning or a training made. */
  readonly network: NetworkSource;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  readonly tasks: readonly TaskSpec[];
  readonly split: { readonly seed: number };
  /** What it must still do where the float network does it: a goal, and the content key of the training that the goal is measured against. */
  readonly keep?: { readonly goal: KeepGoal; readonly whole: string };
  /** No part of the key. */
  readonly modelName: string;
}

/** A layer that stays float. */
export interface FloatLayer {
  readonly layer: string;
  readonly reason: string;
  /** By how much validation falls when this layer alone is in whole numbers, as a share; null where it cannot be. */
  readonly fall: number | null;
}

/** How a network was turned into whole numbers, and what that did. */
export interface Quantisation {
  /** Layers whose weights are int8. */
  readonly layers: readonly string[];
  readonly left: readonly FloatLayer[];
  /** Share of a value's numbers that its range leaves out at either end; 0: from the least to the largest. */
  readonly clipped: number;
  /** Images that ranges were read from. */
  readonly images: number;
  /** By how much validation falls, as a share: of accuracies their difference, of errors that over the error of the constant answer; of several tasks the worst. */
  readonly fall: number;
  /** Bytes of the file with float weights and in whole numbers, as worked on. */
  readonly bytes: { readonly float: number; readonly whole: number };
}

export interface QuantizeOutput {
  readonly modelSha256: string;
  readonly tasks: readonly FinetunedTask[];
  readonly quantisation: Quantisation;
  /** Time in all of it. */
  readonly seconds: number;
  readonly provider: string;
  readonly notes: readonly string[];
}

export function quantizeKey({ modelName: _name, ...content }: QuantizeInput): string {
  return contentKey(QUANTIZE.kind, QUANTIZE.version, content);
}
