import { type Dataset, openDataset } from '@kneepoint/datasets';
import type { ModelProto } from '@kneepoint/onnx';
import type { LinearHead, Shapes } from '@kneepoint/pruning';
import { fitHead, type Head } from '@kneepoint/regression';
import { readModelFile, shapesOf } from '@kneepoint/runtime';
import { type AnalysedTasks, headLayer, type Parts, sharesSplit, splitParts } from '@kneepoint/workflow';
import type { GatheredResult } from './gather-analysis.ts';
import { type Labelled, partsWith, readShards } from './probe-data.ts';

export interface StartingPointInput {
  readonly job: AnalysedTasks;
  /** In graph order: the probe of each layer for each task. */
  readonly layers: readonly {
    readonly layer: string;
    readonly results: readonly Pick<GatheredResult, 'task' | 'cell'>[];
  }[];
  readonly modelPath: string;
  readonly archivePath: string;
  readonly shardPaths: readonly string[];
}

/** One task of the head: its labels, its columns, and its probe on the head's layer. */
export interface HeadTask extends Labelled {
  /** Of the rows that carry its label. */
  readonly parts: Parts;
  readonly probe: Head;
  /** Columns [from, from + targets) of the head's answer. */
  readonly from: number;
}

/** The network, the data, and the probes of the layer that the head shall read: what every cut starts from. */
export interface StartingPoint {
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly dataset: Dataset;
  /** Of all tasks together. */
  readonly parts: Parts;
  /** Whether the curves of every task were computed on these parts. */
  readonly sharedSplit: boolean;
  readonly layer: string;
  readonly tasks: readonly HeadTask[];
  /** The probes as the head of a network, targets of all tasks side by side. */
  readonly head: LinearHead;
  /** N × channels of a layer, in image order. */
  responsesOf(layer: string): Promise<Float32Array>;
}

/** Opens the data, fits the probes of `layer` (the best on validation when absent), works, and closes the data again. */
export async function withStartingPoint<T>(
  { job, layers, modelPath, archivePath, shardPaths }: StartingPointInput,
  chosen: string | undefined,
  work: (start: StartingPoint) => Promise<T>,
): Promise<T> {
  const { tasks: specs, settings } = job;
  const model = await readModelFile(modelPath);
  const shapes = await shapesOf(model);
  const dataset = await openDataset(archivePath);
  try {
    const { manifest } = dataset;
    const responsesOf = (name: string): Promise<Float32Array> => {
      const { channels } = job.taps.find((tap) => tap.layer === name)!;
      return readShards(shardPaths, name, manifest.images.length * channels);
    };
    const parts = splitParts(manifest, specs, settings.seed);
    const layer = chosen ?? bestLayer(specs, layers);
    const responses = await responsesOf(layer);
    let from = 0;
    const tasks = specs.map((spec): HeadTask => {
      const labelled = { spec, labels: manifest.labels[spec.name]! };
      const probe = fitHead({ responses, labels: labelled.labels, task: spec, split: parts.split });
      from += spec.targets.length;
      return { ...labelled, parts: partsWith(labelled, parts), probe, from: from - spec.targets.length };
    });
    const outputName = specs.length === 1 ? specs[0]!.name : 'answers';
    const head = { name: 'head', outputName, ...sideBySide(tasks.map(({ probe }) => probe)) };
    const sharedSplit = specs.length === 1 || sharesSplit(manifest, specs, settings.seed);
    return await work({ model, shapes, dataset, parts, sharedSplit, layer, tasks, head, responsesOf });
  } finally {
    await dataset.close();
  }
}

/** Heads on the same features as one: rows of weights below each other. */
export function sideBySide(heads: readonly Pick<Head, 'weights' | 'bias'>[]): Pick<LinearHead, 'weights' | 'bias'> {
  const joined = (parts: readonly Float64Array[]): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part]));
  return { weights: joined(heads.map(({ weights }) => weights)), bias: joined(heads.map(({ bias }) => bias)) };
}

function bestLayer(specs: AnalysedTasks['tasks'], layers: StartingPointInput['layers']): string {
  return headLayer(
    specs.map(({ name }) =>
      layers.map(({ layer, results }) => ({ layer, cell: results.find(({ task }) => task === name)!.cell })),
    ),
  );
}
