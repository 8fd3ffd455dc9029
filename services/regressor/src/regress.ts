import { Failure } from '@kneepoint/failures';
import { type Config, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import type { TaskPool } from '@kneepoint/runtime';
import {
  type ExtractOutput,
  layerTaskKey,
  type LayerTaskResult,
  type RegressInput,
  type RegressOutput,
} from '@kneepoint/workflow';
import type { RegressTaskInput, RegressTaskResult } from './tasks/regress.task.ts';

/** Fits the tasks of one layer that were not fitted before, and gathers them with those that were. */
export function regress(
  { dataDir }: Pick<Config, 'dataDir'>,
  pool: TaskPool<RegressTaskInput, readonly RegressTaskResult[]>,
): StepHandler {
  return ({ input, signal, progress, store, db }) =>
    withTemporaryFolder(dataDir, async (folder) => {
      const job = input as RegressInput;
      const keys = new Map(job.tasks.map((task) => [task.name, layerTaskKey(job, task)]));
      const known = await db.prisma.result.findMany({ where: { key: { in: [...keys.values()] } } });
      const results = new Map(known.map((row) => [row.key, row.output as unknown as LayerTaskResult]));
      const missing = job.tasks.filter((task) => !results.has(keys.get(task.name)!));

      if (missing.length > 0) {
        const shards = await shardsOf(job, (where) => db.prisma.result.findMany({ where }));
        const [manifestPath, ...shardPaths] = await Promise.all(
          [job.manifestSha256, ...shards].map((sha256) => store.localPath(sha256)),
        );
        const fitted = await pool.run(
          { job: { ...job, tasks: missing }, shardPaths, manifestPath: manifestPath!, outFolder: folder },
          { signal, onProgress: progress },
        );
        for (const { curvePath, ...rest } of fitted) {
          const curve = await store.put(curvePath, { mediaType: 'application/json' });
          results.set(keys.get(rest.task)!, { ...rest, curveSha256: curve.sha256 });
        }
      }

      const output: RegressOutput = {
        layer: job.layer,
        channels: job.channels,
        results: job.tasks.map((task) => results.get(keys.get(task.name)!)!),
      };
      return {
        output,
        results: missing.map((task) => {
          const key = keys.get(task.name)!;
          const result = results.get(key)!;
          return { key, kind: 'layer-task', output: result };
        }),
      };
    });
}

async function shardsOf(
  { extractKeys }: RegressInput,
  find: (where: { key: { in: string[] } }) => Promise<readonly { key: string; output: unknown }[]>,
): Promise<string[]> {
  const rows = new Map(
    (await find({ key: { in: [...extractKeys] } })).map((row) => [row.key, row.output as ExtractOutput]),
  );
  return extractKeys.map((key) => {
    const shard = rows.get(key);
    if (!shard) throw new Failure('INTERNAL', `the responses under key ${key} are gone`);
    return shard.responsesSha256;
  });
}
