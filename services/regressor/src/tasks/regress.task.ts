import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIndex } from '@kneepoint/datasets';
import { GRID_CELLS } from '@kneepoint/onnx';
import { analyseLayer, type Cell, type CharacteristicCurve, type LayerRequest, probeWork } from '@kneepoint/regression';
import { joinResponses, type TaskContext } from '@kneepoint/runtime';
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
  const responses = (await joinResponses(input.shardPaths, { ...job, images }))!;
  const request: Omit<LayerRequest, 'responses'> = {
    tasks: job.tasks.map((spec) => ({
      spec,
      labels: manifest.labels[spec.name]!,
      splitBy: manifest.splitBy[spec.name]!,
    })),
    ...(manifest.groups ? { groups: manifest.groups } : {}),
    ...(manifest.split ? { given: manifest.split.parts } : {}),
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
  const { trials } = job.settings;
  const dear = probeWork({ rows: images, filters: GRID_CELLS * job.channels, trials }) > MOST_GRID_WORK;
  const responses = dear ? undefined : await joinResponses(shardPaths, { ...job, images, grid: true });
  if (!responses) return { grids: null, absent: dear ? 'cost' : 'small' };
  const { cells } = await analyseLayer({ ...request, responses, curves: false, diagnostics: false });
  return { grids: cells, absent: null };
}
