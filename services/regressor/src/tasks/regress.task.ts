import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIndex } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { GRID_CELLS } from '@kneepoint/onnx';
import { analyseLayer, type Cell, type CharacteristicCurve, type LayerRequest, probeWork } from '@kneepoint/regression';
import { openResponses, type ResponsesFile, type TaskContext } from '@kneepoint/runtime';
import type { LayerTaskResult, RegressInput } from '@kneepoint/workflow';

export interface RegressTaskInput {
  readonly job: RegressInput;
  /** Response files of the shards, in image order. */
  readonly shardPaths: readonly string[];
  readonly manifestPath: string;
  readonly outFolder: string;
}

export interface RegressTaskResult {
  readonly task: string;
  readonly cell: Cell;
  readonly grid: Cell | null;
  readonly gridAbsent: LayerTaskResult['gridAbsent'];
  readonly curvePath: string;
  readonly points: CharacteristicCurve['points'];
  readonly uncertified: readonly number[];
}

/** Multiply-adds above which a layer's grid is not probed: about half a minute on one core, and the responses then fit in a gigabyte. */
const MOST_GRID_WORK = 1e11;

/**
 * All asked tasks on one layer's responses: the Gram matrices are shared, each task adds its own products. Curves come from the means over all
 * positions; the grid has a probe alone.
 */
export default async function regress(
  input: RegressTaskInput,
  context: TaskContext,
): Promise<readonly RegressTaskResult[]> {
  const { job } = input;
  const { manifest } = parseIndex(await readFile(input.manifestPath));
  const images = manifest.images.length;
  const responses = (await joinShards(input.shardPaths, job, { images, width: job.channels }, columnOf))!;
  const request: Omit<LayerRequest, 'responses'> = {
    tasks: job.tasks.map((spec) => ({
      spec,
      labels: manifest.labels[spec.name]!,
      splitBy: manifest.splitBy[spec.name]!,
    })),
    ...(manifest.groups ? { groups: manifest.groups } : {}),
    seed: job.settings.seed,
    trials: job.settings.trials,
    lambdas: job.settings.lambdas,
    signal: context.signal,
    onProgress: (progress) =>
      context.progress({ done: progress.done, total: progress.total, unit: 'fits', message: progress.stage }),
  };
  const { cells, curves } = await analyseLayer({ ...request, responses });
  const { grids, absent } = await probeGrid(input, images, request);
  return Promise.all(
    job.tasks.map(async ({ name }, index) => {
      const curve = curves[index]!;
      const curvePath = join(input.outFolder, `${index}.json`);
      await writeFile(curvePath, JSON.stringify(curve));
      return {
        task: name,
        cell: cells[index]!,
        grid: grids?.[index] ?? null,
        gridAbsent: absent,
        curvePath,
        points: curve.points,
        uncertified: curve.uncertified,
      };
    }),
  );
}

/** The probes on the layer's grid, in the order of the tasks, or why there are none. */
async function probeGrid(
  { shardPaths, job }: RegressTaskInput,
  images: number,
  request: Omit<LayerRequest, 'responses'>,
): Promise<{ readonly grids: readonly Cell[] | null; readonly absent: LayerTaskResult['gridAbsent'] }> {
  const width = GRID_CELLS * job.channels;
  const { trials } = job.settings;
  const dear = probeWork({ rows: images, filters: width, trials }) > MOST_GRID_WORK;
  const responses = dear ? undefined : await joinShards(shardPaths, job, { images, width }, gridOf);
  if (!responses) return { grids: null, absent: dear ? 'cost' : 'small' };
  const { cells } = await analyseLayer({ ...request, responses, curves: false });
  return { grids: cells, absent: null };
}

type ReadColumn = (file: ResponsesFile, layer: string) => Float32Array | undefined;
const columnOf: ReadColumn = (file, layer) => file.column(layer);
const gridOf: ReadColumn = (file, layer) => file.grid(layer);

/** A column of all shards, images × width; undefined where they do not have it. */
async function joinShards(
  paths: readonly string[],
  { layer }: RegressInput,
  { images, width }: { readonly images: number; readonly width: number },
  read: ReadColumn,
): Promise<Float32Array | undefined> {
  const joined = new Float32Array(images * width);
  let offset = 0;
  for (const path of paths) {
    const shard = read(await openResponses(path), layer);
    if (!shard) return undefined;
    if (offset + shard.length > joined.length) break;
    joined.set(shard, offset);
    offset += shard.length;
  }
  if (offset === joined.length) return joined;
  throw new Failure('INTERNAL', `the shards of ${layer} hold ${offset / width} images, the data set ${images}`);
}
