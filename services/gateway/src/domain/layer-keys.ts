import type { TaskSpec } from '@kneepoint/regression';
import { type DatasetReference, DEFAULT_REGRESSION, layerTaskKeys, type ModelReference } from '@kneepoint/workflow';

/** Where one layer's result for a task is found. */
export interface LayerKey {
  readonly layer: string;
  readonly key: string;
}

const TASKS_REMEMBERED = 2048;

/** Content keys are digests of a good deal of JSON, and a matrix asks for a thousand of them: those asked for last are kept. */
const remembered = new Map<string, readonly LayerKey[]>();

/** The keys of a task's results for every layer, in graph order. */
export function keysOfTask(model: ModelReference, dataset: DatasetReference, task: TaskSpec): readonly LayerKey[] {
  // A row's network, images and preprocessing never change.
  const name = JSON.stringify([model.id, dataset.id, dataset.manifestSha256, task]);
  const keys =
    remembered.get(name) ??
    layerTaskKeys({ model, dataset, tasks: [task], settings: DEFAULT_REGRESSION }).get(task.name)!;
  remembered.delete(name);
  remembered.set(name, keys);
  if (remembered.size > TASKS_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  return keys;
}
