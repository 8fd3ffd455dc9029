import type { ModelProto } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';

export interface CriterionInput {
  readonly analysis: ChannelAnalysis;
  /** The model with its weights, which some criteria do not need. */
  readonly model?: ModelProto;
  readonly seed: number;
}

/** A way of ranking channel classes: one score per class id, higher is worth more. */
export type Criterion = (input: CriterionInput) => Float64Array;
