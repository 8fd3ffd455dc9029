import { readResults, type StepContext } from '@kneepoint/platform';
import type { Cell, TaskSpec } from '@kneepoint/regression';
import type { AnalysedTasks, ExtractOutput, LayerTaskResult, RegressOutput } from '@kneepoint/workflow';

/** What an analysis says of one layer for one task. */
export interface GatheredResult {
  readonly task: string;
  readonly cell: Cell;
  /** The probe on the layer's 2 × 2 averages; null where there is none. */
  readonly grid: Cell | null;
  readonly curveSha256: string;
}

/** What an analysis left behind for some tasks, as files and figures. */
export interface GatheredAnalysis {
  /** In graph order, each with the tasks in the order in which they were asked for. */
  readonly layers: readonly { readonly layer: string; readonly results: readonly GatheredResult[] }[];
  readonly modelPath: string;
  readonly archivePath: string;
  /** Response files of the shards, in image order. */
  readonly shardPaths: readonly string[];
  /** What is clearly wrong with what the network was fed. */
  readonly fed: readonly string[];
}

/** Finds the results of an analysis by their keys and brings its files here. */
export async function gatherAnalysis(
  job: AnalysedTasks,
  tasks: readonly Pick<TaskSpec, 'name'>[],
  { store, db }: Pick<StepContext, 'store' | 'db'>,
): Promise<GatheredAnalysis> {
  const keys = [...job.extractKeys, ...job.regressKeys.map(({ key }) => key)];
  const found = await readResults(db, keys);
  const layers = job.regressKeys.map(({ layer, key }) => {
    const { results } = found.of<RegressOutput>(key);
    return {
      layer,
      results: tasks.map(({ name }) => {
        const { task, cell, grid, curveSha256 } = results.find((result) => result.task === name) as LayerTaskResult;
        return { task, cell, grid, curveSha256 };
      }),
    };
  });
  const shards = job.extractKeys.map((key) => found.of<ExtractOutput>(key));
  const [modelPath, archivePath, ...shardPaths] = await Promise.all(
    [job.modelSha256, job.datasetSha256, ...shards.map(({ responsesSha256 }) => responsesSha256)].map((sha256) =>
      store.localPath(sha256),
    ),
  );
  return {
    layers,
    modelPath: modelPath!,
    archivePath: archivePath!,
    shardPaths,
    fed: shards.flatMap(({ warnings }) => warnings ?? []),
  };
}
