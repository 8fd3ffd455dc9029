import { type Dataset, openDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { type ModelProto, skeleton } from '@kneepoint/onnx';
import type { HeadPool, LinearHead, Shapes } from '@kneepoint/pruning';
import { fitHead, type Head } from '@kneepoint/regression';
import { joinResponses, readModelFile, shapesOf } from '@kneepoint/runtime';
import {
  type AnalysedTasks,
  chooseHead,
  type HeadChoice,
  type Parts,
  type ProbedHeads,
  type PruneOptions,
  sharesSplit,
  splitParts,
  TRAINED_SHARE,
  truncatedMacs,
} from '@kneepoint/workflow';
import type { GatheredResult } from './gather-analysis.ts';
import { type Labelled, partsWith } from './probe-data.ts';
import { trainableLayers } from './trainable-layers.ts';

export interface StartingPointInput {
  readonly job: AnalysedTasks;
  /** In graph order: the probes of each layer for each task. */
  readonly layers: readonly {
    readonly layer: string;
    readonly results: readonly Pick<GatheredResult, 'task' | 'cell' | 'grid'>[];
  }[];
  readonly modelPath: string;
  readonly archivePath: string;
  readonly shardPaths: readonly string[];
}

/** One task of the head: its labels, its columns, and its probe on what the head reads. */
export interface HeadTask extends Labelled {
  /** Of the rows that carry its label. */
  readonly parts: Parts;
  readonly probe: Head;
  /** Columns [from, from + targets) of the head's answer. */
  readonly from: number;
}

/** The network, the data, and the probes of what the head shall read: what every cut starts from. */
export interface StartingPoint {
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly dataset: Dataset;
  /** Of all tasks together. */
  readonly parts: Parts;
  /** Whether the curves of every task were computed on these parts. */
  readonly sharedSplit: boolean;
  /** What the head reads: a layer, and its maps' means over all positions or on a grid. */
  readonly layer: string;
  readonly pool: HeadPool;
  readonly tasks: readonly HeadTask[];
  /** The probes as the head of a network, targets of all tasks side by side. */
  readonly head: LinearHead;
  /** N × channels of a layer, in image order: means over all positions. */
  responsesOf(layer: string): Promise<Float32Array>;
  /** N × channels·pool² of the head's layer, in image order: what the head reads of the untouched network. */
  headResponses(): Promise<Float32Array>;
}

/** Opens the data, fits the probes of the head (what is not settled is chosen by `chooseHead`), works, and closes the data again. */
export async function withStartingPoint<T>(
  { job, layers, modelPath, archivePath, shardPaths }: StartingPointInput,
  {
    trained,
    ...settled
  }: Pick<PruneOptions, 'layer' | 'pool'> & {
    /** Whether the network up to the head is trained, so that it has to be deep enough for that. */
    readonly trained: boolean;
  },
  work: (start: StartingPoint) => Promise<T>,
): Promise<T> {
  const { tasks: specs, settings } = job;
  const model = await readModelFile(modelPath);
  const shapes = await shapesOf(model);
  const dataset = await openDataset(archivePath);
  try {
    const { manifest } = dataset;
    const read = async (name: string, grid: boolean): Promise<Float32Array> => {
      const { channels } = job.taps.find((tap) => tap.layer === name)!;
      const found = await joinResponses(shardPaths, { layer: name, channels, images: manifest.images.length, grid });
      if (found) return found;
      throw new Failure('HEAD_BAD_SHAPE', `the maps of ${name} are smaller than 2 × 2`, {
        where: 'pool',
        fix: 'Pool over all positions, or read an earlier layer.',
      });
    };
    const parts = splitParts(manifest, specs, settings.seed);
    const { layer, pool } = chosenHead(specs, trained ? trainableLayers(layers, job.taps) : layers, {
      ...settled,
      macs: truncatedMacs(skeleton(model), shapes, targetsOf(specs)),
      ...(trained ? { leastShare: TRAINED_SHARE } : {}),
    });
    const headResponses = (): Promise<Float32Array> => read(layer, pool === 2);
    const responses = await headResponses();
    let from = 0;
    const tasks = specs.map((spec): HeadTask => {
      const labelled = { spec, labels: manifest.labels[spec.name]! };
      const probe = fitHead({ responses, labels: labelled.labels, task: spec, split: parts.split });
      from += spec.targets.length;
      return { ...labelled, parts: partsWith(labelled, parts), probe, from: from - spec.targets.length };
    });
    const outputName = specs.length === 1 ? specs[0]!.name : 'answers';
    const head = { name: 'head', outputName, pool, ...sideBySide(tasks.map(({ probe }) => probe)) };
    const sharedSplit = specs.length === 1 || sharesSplit(manifest, specs, settings.seed);
    return await work({
      ...{ model, shapes, dataset, parts, sharedSplit, layer, pool, tasks, head, headResponses },
      responsesOf: (name) => read(name, false),
    });
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

function chosenHead(
  specs: AnalysedTasks['tasks'],
  layers: StartingPointInput['layers'],
  options: Parameters<typeof chooseHead>[1],
): HeadChoice {
  const tasks = specs.map(({ name }) =>
    layers.map(({ layer, results }): ProbedHeads => {
      const { cell, grid } = results.find(({ task }) => task === name)!;
      return { layer, cell, grid };
    }),
  );
  return chooseHead(tasks, options);
}

function targetsOf(specs: AnalysedTasks['tasks']): number {
  return specs.reduce((sum, { targets }) => sum + targets.length, 0);
}
