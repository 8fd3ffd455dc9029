import type { ModelProto } from '@kneepoint/onnx';
import { describeModel, type FinetuneInput, type FinetunedTask, networkEntries } from '@kneepoint/workflow';
import { TRAINING_ENTRY } from './network/open-network.ts';

export interface TrainingDescription {
  readonly job: FinetuneInput;
  readonly tasks: readonly FinetunedTask[];
  readonly bestEpoch: number;
}

/** Writes into the file how to feed it, how to read its answer, and how it was trained. */
export function describeTraining(model: ModelProto, { job, tasks, bestEpoch }: TrainingDescription): ModelProto {
  const { mode, settings, datasetSha256, split, network } = job;
  return describeModel(model, {
    ...networkEntries({
      ...{ tasks: job.tasks, preprocess: job.preprocess, dataset: datasetSha256 },
      thresholds: tasks.map(({ thresholds }) => thresholds),
      metrics: tasks.map(({ task, metric, test }) => ({ task, metric, test })),
    }),
    // What was pruned says itself where it comes from.
    ...('model' in network ? { 'kneepoint.model': { sha256: network.model.sha256 } } : {}),
    // Values are in their units; classes are logits: sigmoid or softmax makes probabilities of them.
    [TRAINING_ENTRY]: { mode, settings, dataset: datasetSha256, split, bestEpoch },
  });
}
