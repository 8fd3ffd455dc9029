import { Failure } from '@kneepoint/failures';
import { type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import {
  type ExtractOutput,
  layerTaskKey,
  type LayerTaskResult,
  type RegressInput,
  type RegressOutput,
} from '@kneepoint/workflow';
import type { RegressorOptions } from './regressor.ts';
import type { RegressTaskInput, RegressTaskResult } from './tasks/regress.task.ts';

const TASK = new URL('./tasks/regress.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;

/** Fits the tasks of one layer that were not fitted before, and gathers them with those that were. */
export function regress({ config }: RegressorOptions): StepHandler {
  return ({ input, signal, progress, store, db }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
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
        const fitted = await runTask<RegressTaskInput, readonly RegressTaskResult[]>(
          TASK,
          { job: { ...job, tasks: missing }, shardPaths, manifestPath: manifestPath!, outFolder: folder },
          { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
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
          return { key, kind: 'layer-task', output: result, artifacts: [result.curveSha256] };
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
