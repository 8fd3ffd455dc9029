import { create } from '@bufbuild/protobuf';
import { cloneModel, type ModelProto, StringStringEntryProtoSchema } from '@kneepoint/onnx';
import type { AnalysedTask, PruneOptions } from '@kneepoint/workflow';

export interface Description {
  readonly job: AnalysedTask;
  /** The layer that the head reads, and what else decided the cut. */
  readonly origin: Partial<PruneOptions> & { readonly layer: string };
  readonly thresholds: readonly number[];
}

/** Writes into the file what its user must know to feed it and to read its answer: preprocessing, task, thresholds, origin. */
export function describeModel(model: ModelProto, { job, origin, thresholds }: Description): ModelProto {
  const copy = cloneModel(model);
  const entries: Record<string, string> = {
    'kneepoint.task': JSON.stringify(job.task),
    'kneepoint.thresholds': JSON.stringify(thresholds),
    'kneepoint.preprocess': JSON.stringify(job.preprocess),
    'kneepoint.origin': JSON.stringify({ model: job.modelSha256, dataset: job.datasetSha256, ...origin }),
  };
  copy.producerName = 'kneepoint';
  copy.metadataProps = [
    ...copy.metadataProps.filter((entry) => !(entry.key in entries)),
    ...Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  ];
  return copy;
}
