import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type {
  CompressionReport,
  ExtractOutput,
  LayerTaskResult,
  PruneInput,
  PruneOutput,
  RegressOutput,
} from '@kneepoint/workflow';
import type { PruneTaskInput } from './tasks/prune.task.ts';

const TASK = new URL('./tasks/prune.task.ts', import.meta.url);
const TIMEOUT_MS = 6 * 3600_000;

/** Gathers what the analysis left behind, cuts, proves, refits and measures in a child process, stores network and report. */
export function prune({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store, db }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const job = input as PruneInput;
      const keys = [...job.extractKeys, ...job.regressKeys.map(({ key }) => key)];
      const rows = await db.prisma.result.findMany({ where: { key: { in: keys } } });
      const outputs = new Map(rows.map((row) => [row.key, row.output as unknown]));
      const outputOf = <Output>(key: string): Output => {
        if (!outputs.has(key)) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
        return outputs.get(key) as Output;
      };
      const layers = await Promise.all(
        job.regressKeys.map(async ({ layer, key }) => {
          const result = outputOf<RegressOutput>(key).results.find(
            ({ task }) => task === job.task.name,
          ) as LayerTaskResult;
          return { layer, cell: result.cell, curvePath: await store.localPath(result.curveSha256) };
        }),
      );
      const [modelPath, archivePath, ...shardPaths] = await Promise.all(
        [
          job.modelSha256,
          job.datasetSha256,
          ...job.extractKeys.map((key) => outputOf<ExtractOutput>(key).responsesSha256),
        ].map((sha256) => store.localPath(sha256)),
      );
      const report = await runTask<PruneTaskInput, CompressionReport>(
        TASK,
        { job, layers, modelPath: modelPath!, archivePath: archivePath!, shardPaths, outFolder: folder },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const model = await store.put(join(folder, 'pruned.onnx'), { mediaType: 'application/octet-stream' });
      const written = await store.put(join(folder, 'report.json'), { mediaType: 'application/json' });
      const output: PruneOutput = { modelSha256: model.sha256, reportSha256: written.sha256, report };
      return { output, provider: report.provider };
    });
}
