import { type Dataset, openDataset } from '@kneepoint/datasets';
import type { ModelProto } from '@kneepoint/onnx';
import type { LinearHead, Shapes } from '@kneepoint/pruning';
import { type Cell, fitHead, type Head } from '@kneepoint/regression';
import { readModelFile, shapesOf } from '@kneepoint/runtime';
import type { AnalysedTask } from '@kneepoint/workflow';
import { bestLayer, type Parts, readShards, splitParts } from './probe-data.ts';

export interface StartingPointInput {
  readonly job: AnalysedTask;
  /** In graph order: the probe of each layer for the task. */
  readonly layers: readonly { readonly layer: string; readonly cell: Cell }[];
  readonly modelPath: string;
  readonly archivePath: string;
  readonly shardPaths: readonly string[];
}

/** The network, the data, and the probe of the layer that the head shall read: what every cut starts from. */
export interface StartingPoint {
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly dataset: Dataset;
  readonly labels: Float64Array;
  readonly parts: Parts;
  readonly layer: string;
  readonly probe: Head;
  /** The probe as the head of a network. */
  readonly head: LinearHead;
}

/** Opens the data, fits the probe of `layer` (the best on validation when absent), works, and closes the data again. */
export async function withStartingPoint<T>(
  { job, layers, modelPath, archivePath, shardPaths }: StartingPointInput,
  chosen: string | undefined,
  work: (start: StartingPoint) => Promise<T>,
): Promise<T> {
  const { task } = job;
  const model = await readModelFile(modelPath);
  const shapes = await shapesOf(model);
  const dataset = await openDataset(archivePath);
  try {
    const labels = dataset.manifest.labels[task.name]!;
    const parts = splitParts(dataset.manifest, task, job.settings.seed);
    const layer = chosen ?? bestLayer(layers);
    const { channels } = job.taps.find((tap) => tap.layer === layer)!;
    const responses = await readShards(shardPaths, layer, dataset.manifest.images.length * channels);
    const probe = fitHead({ responses, labels, task, split: parts.split });
    const head = { name: 'head', outputName: task.name, weights: probe.weights, bias: probe.bias };
    return await work({ model, shapes, dataset, labels, parts, layer, probe, head });
  } finally {
    await dataset.close();
  }
}
