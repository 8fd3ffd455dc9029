import type { ModelProto } from '@kneepoint/onnx';
import { describeModel, type FinetuneInput, type FinetunedTask } from '@kneepoint/workflow';
import { TRAINING_ENTRY } from './network/open-network.ts';

export interface TrainingDescription {
  readonly job: FinetuneInput;
  readonly tasks: readonly FinetunedTask[];
  readonly bestEpoch: number;
}

/** Writes into the file how to feed it, how to read its answer, and how it was trained. */
export function describeTraining(model: ModelProto, { job, tasks, bestEpoch }: TrainingDescription): ModelProto {
  const single = job.tasks.length === 1;
  const { mode, settings, datasetSha256, split } = job;
  return describeModel(model, {
    'kneepoint.task': single ? job.tasks[0] : undefined,
    'kneepoint.tasks': single ? undefined : job.tasks,
    'kneepoint.thresholds': single ? tasks[0]!.thresholds : tasks.map(({ thresholds }) => thresholds),
    'kneepoint.preprocess': job.preprocess,
    // Values are in their units; classes are logits: sigmoid or softmax makes probabilities of them.
    [TRAINING_ENTRY]: { mode, settings, dataset: datasetSha256, split, bestEpoch },
  });
}
