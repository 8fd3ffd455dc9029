import type { ModelProto } from '@kneepoint/onnx';
import { type AnalysedTasks, describeModel as describe, type PruneOptions } from '@kneepoint/workflow';

export interface Description {
  readonly job: AnalysedTasks;
  /** The layer that the head reads, and what else decided the cut. */
  readonly origin: Partial<PruneOptions> & { readonly layer: string };
  /** Of each task. */
  readonly thresholds: readonly (readonly number[])[];
}

/** Writes into the file what its user must know to feed it and to read its answer: preprocessing, tasks, thresholds, origin. */
export function describeModel(model: ModelProto, { job, origin, thresholds }: Description): ModelProto {
  const single = job.tasks.length === 1;
  return describe(model, {
    'kneepoint.task': single ? job.tasks[0] : undefined,
    'kneepoint.tasks': single ? undefined : job.tasks,
    'kneepoint.thresholds': single ? thresholds[0] : thresholds,
    'kneepoint.preprocess': job.preprocess,
    // What an earlier training says of itself is not so any more: the head is that of least squares.
    'kneepoint.training': undefined,
    'kneepoint.origin': { model: job.modelSha256, dataset: job.datasetSha256, ...origin },
  });
}
