import type { TaskSpec } from '@kneepoint/regression';
import { type DatasetReference, DEFAULT_REGRESSION, layerTaskKeys, type ModelReference } from '@kneepoint/workflow';
import { Remembered } from './remembered.ts';

/** Where one layer's result for a task is found. */
export interface LayerKey {
  readonly layer: string;
  readonly key: string;
}

/** Where a task's results are found: one for each layer, in graph order. */
export interface TaskKeys {
  /** The same for the same network, images, preprocessing and task. */
  readonly name: string;
  readonly layers: readonly LayerKey[];
}

/** Content keys are digests of a good deal of JSON, and a matrix asks for a thousand of them: those asked for last are kept. */
const remembered = new Remembered<TaskKeys>(4 * 2 ** 20);
/** As text: a matrix names each of its tasks once for every network. */
const texts = new WeakMap<TaskSpec, string>();

export function keysOfTask(model: ModelReference, dataset: DatasetReference, task: TaskSpec): TaskKeys {
  const text = texts.get(task) ?? JSON.stringify(task);
  texts.set(task, text);
  // A row's network, images and preprocessing never change.
  const name = `${model.id} ${dataset.id} ${dataset.manifestSha256} ${text}`;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const layers = layerTaskKeys({ model, dataset, tasks: [task], settings: DEFAULT_REGRESSION }).get(task.name)!;
  const keys = { name, layers };
  remembered.set(name, keys);
  return keys;
}
