import { create } from '@bufbuild/protobuf';
import type { Preprocess } from '@kneepoint/datasets';
import { cloneModel, type ModelProto, StringStringEntryProtoSchema } from '@kneepoint/onnx';
import { VERSION } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { labelsOf } from './labels.ts';

const OWN = 'kneepoint';

/**
 * A copy that says what its user must know to feed it and to read its answer: preprocessing, tasks, thresholds, origin. Values are
 * written as JSON under their names; undefined removes what the file says under a name. What others wrote into it stays.
 */
export function describeModel(model: ModelProto, entries: Readonly<Record<string, unknown>>): ModelProto {
  const copy = cloneModel(model);
  const said = Object.entries(entries).filter(([, value]) => value !== undefined);
  const { producerName, producerVersion } = copy;
  // Who exported the network stays known.
  if (producerName !== '' && producerName !== OWN && !('kneepoint.producer' in entries)) {
    said.push(['kneepoint.producer', [producerName, producerVersion].filter(Boolean).join(' ')]);
  }
  copy.producerName = OWN;
  copy.producerVersion = VERSION;
  copy.metadataProps = [
    ...copy.metadataProps.filter(({ key }) => !(key in entries)),
    ...said.map(([key, value]) => create(StringStringEntryProtoSchema, { key, value: JSON.stringify(value) })),
  ];
  return copy;
}

/** What a network for tasks is, and what it is judged by. */
export interface NetworkDescription {
  readonly tasks: readonly TaskSpec[];
  readonly preprocess: Preprocess;
  /** Of each task; empty where none decides. */
  readonly thresholds: readonly (readonly number[])[];
  /** SHA-256 of the data set that it was made with. */
  readonly dataset: string;
  /** On test. */
  readonly metrics: readonly { readonly task: string; readonly metric: string; readonly test: number }[];
}

/** The entries that every network for tasks carries. A single task, its threshold and its metric stand for themselves, several in lists. */
export function networkEntries({
  tasks,
  preprocess,
  thresholds,
  dataset,
  metrics,
}: NetworkDescription): Record<string, unknown> {
  const single = tasks.length === 1;
  return {
    'kneepoint.version': VERSION,
    'kneepoint.task': single ? tasks[0] : undefined,
    'kneepoint.tasks': single ? undefined : tasks,
    'kneepoint.classes': labelsOf(tasks),
    'kneepoint.thresholds': single ? thresholds[0] : thresholds,
    'kneepoint.preprocess': preprocess,
    'kneepoint.dataset': { sha256: dataset },
    'kneepoint.metric': single ? metrics[0] : metrics,
  };
}
