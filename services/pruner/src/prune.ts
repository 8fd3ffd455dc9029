import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { type ServiceParts, type StepContext, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { CompressionReport, PruneInput, PruneOutput } from '@kneepoint/workflow';
import { gatherAnalysis } from './gather-analysis.ts';
import type { PruneTaskInput } from './tasks/prune.task.ts';

const TASK = new URL('./tasks/prune.task.ts', import.meta.url);
const TIMEOUT_MS = 6 * 3600_000;

/** Gathers what the analysis left behind, cuts, proves, refits and measures in a child process, stores network and report. */
export function prune({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store, db }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const job = input as PruneInput;
      const gathered = await gatherAnalysis(job, [...job.tasks, ...(job.avoided ?? [])], { store, db });
      const layers = await Promise.all(
        gathered.layers.map(async ({ layer, results }) => ({
          layer,
          results: await Promise.all(
            results.map(async ({ curveSha256, ...result }) => ({
              ...result,
              curvePath: await store.localPath(curveSha256),
            })),
          ),
        })),
      );
      const equalMacs = job.equalTo === undefined ? {} : { equalMacs: await macsOf(job.equalTo, db) };
      const report = await runTask<PruneTaskInput, CompressionReport>(
        TASK,
        { ...gathered, ...equalMacs, job, layers, outFolder: folder },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const model = await store.put(join(folder, 'pruned.onnx'), { mediaType: 'application/octet-stream' });
      const written = await store.put(join(folder, 'report.json'), { mediaType: 'application/json' });
      const output: PruneOutput = { modelSha256: model.sha256, reportSha256: written.sha256, report };
      return { output, provider: report.provider };
    });
}

/** MACs of the network that an earlier pruning made. */
async function macsOf(key: string, db: StepContext['db']): Promise<number> {
  const row = await db.prisma.result.findUnique({ where: { key } });
  if (!row) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
  return (row.output as unknown as PruneOutput).report.after.macs;
}
