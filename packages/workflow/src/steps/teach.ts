import type { Preprocess } from '@kneepoint/datasets';
import { contentKey } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { AugmentSettings } from '../training-settings.ts';
import type { NetworkSource } from './finetune.ts';
import type { StepKind } from './step-kind.ts';

/** Stores an image → task network's answers to the training images and their variants, so that others learn from them without it. */
export const TEACH = {
  kind: 'teach',
  service: 'trainer',
  version: 2,
  timeoutSeconds: 8 * 3600,
} as const satisfies StepKind;

export interface TeachInput {
  /** The network that teaches: its head answers for these very tasks. */
  readonly network: NetworkSource;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  readonly tasks: readonly TaskSpec[];
  /** How the variants of an image are drawn, and how many; those that learn have the same. */
  readonly augment: AugmentSettings;
  /** Seed of the variants: that of the trainings that learn. */
  readonly seed: number;
  /** Of the partition: the training images are asked about. */
  readonly split: { readonly seed: number };
  /** No part of the key. */
  readonly modelName: string;
}

export interface TeachOutput {
  /**
   * Apache Arrow file: `index`; per variant one FixedSizeList<Float32> column of the targets of all tasks side by side: logits of classes,
   * values in their units. One row per image of the data set, NaN outside of the training part.
   */
  readonly answersSha256: string;
  /** Variants of each image; 1 where augmentation is off. */
  readonly copies: number;
  /** Those of the training part. */
  readonly images: number;
  readonly provider: string;
}

/** The key follows from all that decides the answers, and from nothing else. */
export function teachKey({ modelName: _name, ...content }: TeachInput): string {
  return contentKey(TEACH.kind, TEACH.version, content);
}
