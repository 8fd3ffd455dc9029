import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIndex } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { analyseLayer, type Cell, type CharacteristicCurve } from '@kneepoint/regression';
import { readResponses, type TaskContext } from '@kneepoint/runtime';
import type { RegressInput } from '@kneepoint/workflow';

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
  readonly curvePath: string;
  readonly points: CharacteristicCurve['points'];
  readonly uncertified: readonly number[];
}

/** All asked tasks on one layer's responses: the Gram matrices are shared, each task adds its own products. */
export default async function regress(
  input: RegressTaskInput,
  context: TaskContext,
): Promise<readonly RegressTaskResult[]> {
  const { job } = input;
  const { manifest } = parseIndex(await readFile(input.manifestPath));
  const images = manifest.images.length;
  const responses = await joinShards(input.shardPaths, job, images);
  const { cells, curves } = await analyseLayer({
    responses,
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
  });
  return Promise.all(
    job.tasks.map(async ({ name }, index) => {
      const curve = curves[index]!;
      const curvePath = join(input.outFolder, `${index}.json`);
      await writeFile(curvePath, JSON.stringify(curve));
      return { task: name, cell: cells[index]!, curvePath, points: curve.points, uncertified: curve.uncertified };
    }),
  );
}

async function joinShards(paths: readonly string[], job: RegressInput, images: number): Promise<Float32Array> {
  const responses = new Float32Array(images * job.channels);
  let offset = 0;
  for (const path of paths) {
    const shard = await readResponses(path, job.layer);
    if (offset + shard.length > responses.length) break;
    responses.set(shard, offset);
    offset += shard.length;
  }
  if (offset !== responses.length) {
    throw new Failure(
      'INTERNAL',
      `the shards of ${job.layer} hold ${offset / job.channels} images, the data set ${images}`,
    );
  }
  return responses;
}
