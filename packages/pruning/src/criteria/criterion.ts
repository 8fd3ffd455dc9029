import type { ModelProto } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';

export interface CriterionInput {
  readonly analysis: ChannelAnalysis;
  /** The model with its weights, which some criteria do not need. */
  readonly model?: ModelProto;
  readonly seed: number;
  /** One number per tap channel from images, by the tap's layer, for criteria that judge by images. */
  readonly measured?: ReadonlyMap<string, ArrayLike<number>>;
}

/** What a criterion says of one layer's channels. */
export interface ChannelScores {
  /** The layer, or the tap; empty when the scores are of classes themselves. */
  readonly layer: string;
  /** Channel class of each channel; −1 for one that belongs to no filter. */
  readonly classes: readonly number[];
  /** From 0; higher is worth more. */
  readonly scores: ArrayLike<number>;
}

/** A way of ranking channels. A layer that it has nothing to say of is left out, and stays whole. */
export type Criterion = (input: CriterionInput) => readonly ChannelScores[];
