import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { type ServiceParts, type StepContext, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import { decideRound, type KeptChannels, type PruneInput, type PruneOutput, type RoundKeys } from '@kneepoint/workflow';
import { gatherAnalysis } from './gather-analysis.ts';
import { roundHistory } from './round-history.ts';
import type { PruneTaskInput, PruneTaskOutput } from './tasks/prune.task.ts';

const TASK = new URL('./tasks/prune.task.ts', import.meta.url);
const TIMEOUT_MS = 6 * 3600_000;

/**
 * Gathers what the analysis left behind, cuts, proves, heals, refits and measures in a child process, stores network and report. A round
 * first decides by what earlier rounds made what it cuts and how far; a search that is over passes the best of them on.
 */
export function prune({ config }: ServiceParts): StepHandler {
  return (context) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { input, signal, progress, store, db } = context;
      const asked = input as PruneInput;
      const start = await startOf(asked, context);
      if ('passed' in start) return { output: start.passed };
      const job: PruneInput = start.target ? { ...asked, options: { ...asked.options, target: start.target } } : asked;
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
      const trained = start.trained ? { trained: start.trained } : {};
      const { report, kept } = await runTask<PruneTaskInput, PruneTaskOutput>(
        TASK,
        { ...gathered, ...equalMacs, ...trained, job, layers, outFolder: folder },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const model = await store.put(join(folder, 'pruned.onnx'), { mediaType: 'application/octet-stream' });
      const written = await store.put(join(folder, 'report.json'), { mediaType: 'application/json' });
      const output: PruneOutput = { modelSha256: model.sha256, reportSha256: written.sha256, report, kept };
      return { output, provider: report.provider };
    });
}

/** What a pruning starts from: the registered model, a network that a training made, or nothing, as an earlier round was the last. */
type Start =
  | { readonly passed: PruneOutput }
  | { readonly trained?: NonNullable<PruneTaskInput['trained']>; readonly target?: PruneInput['options']['target'] };

async function startOf(
  { options, round }: PruneInput,
  { db, store }: Pick<StepContext, 'db' | 'store'>,
): Promise<Start> {
  if (!round) return {};
  const history = await roundHistory(round, db);
  const decision = decideRound(options, round, history);
  if (decision.done) {
    const settled: RoundKeys = round.earlier[decision.best]!;
    return { passed: { ...history.earlier[decision.best]!.prune, settled } };
  }
  const from = decision.from === null ? undefined : history.earlier[decision.from];
  const { modelSha256 } = from?.finetune ?? history.whole;
  const kept: KeptChannels | null = from?.prune.kept ?? null;
  return { trained: { path: await store.localPath(modelSha256), kept }, target: decision.target };
}

/** MACs of the network that an earlier pruning made. */
async function macsOf(key: string, db: StepContext['db']): Promise<number> {
  const row = await db.prisma.result.findUnique({ where: { key } });
  if (!row) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
  return (row.output as unknown as PruneOutput).report.after.macs;
}
