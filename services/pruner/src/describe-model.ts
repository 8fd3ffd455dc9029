import type { ModelProto } from '@kneepoint/onnx';
import {
  type AnalysedTasks,
  describeModel as describe,
  type NetworkDescription,
  networkEntries,
  type PruneOptions,
} from '@kneepoint/workflow';

export interface Description extends Pick<NetworkDescription, 'thresholds' | 'metrics'> {
  readonly job: AnalysedTasks;
  /** The layer that the head reads, and what else decided the cut. */
  readonly origin: Partial<PruneOptions> & { readonly layer: string };
}

/** Writes into the file what its user must know to feed it and to read its answer: preprocessing, tasks, thresholds, origin. */
export function describeModel(model: ModelProto, { job, origin, ...known }: Description): ModelProto {
  const { tasks, preprocess, modelSha256, datasetSha256 } = job;
  const { epsilon, target, keep } = origin;
  return describe(model, {
    ...networkEntries({ tasks, preprocess, dataset: datasetSha256, ...known }),
    'kneepoint.model': { sha256: modelSha256 },
    'kneepoint.epsilon': epsilon,
    'kneepoint.target': target,
    'kneepoint.keep': keep,
    // What an earlier training says of itself is not so any more: the head is that of least squares.
    'kneepoint.training': undefined,
    'kneepoint.origin': { model: modelSha256, dataset: datasetSha256, ...origin },
  });
}
