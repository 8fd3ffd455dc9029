import type { ModelProto } from '@kneepoint/onnx';
import { type AnalysedTask, describeModel as describe, type PruneOptions } from '@kneepoint/workflow';

export interface Description {
  readonly job: AnalysedTask;
  /** The layer that the head reads, and what else decided the cut. */
  readonly origin: Partial<PruneOptions> & { readonly layer: string };
  readonly thresholds: readonly number[];
}

/** Writes into the file what its user must know to feed it and to read its answer: preprocessing, task, thresholds, origin. */
export function describeModel(model: ModelProto, { job, origin, thresholds }: Description): ModelProto {
  return describe(model, {
    'kneepoint.task': job.task,
    'kneepoint.thresholds': thresholds,
    'kneepoint.preprocess': job.preprocess,
    'kneepoint.origin': { model: job.modelSha256, dataset: job.datasetSha256, ...origin },
  });
}
