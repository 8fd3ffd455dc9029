import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import {
  readResults,
  type ServiceParts,
  type StepContext,
  type StepHandler,
  withTemporaryFolder,
} from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import {
  bestTrial,
  decideRound,
  type KeptChannels,
  type PruneInput,
  type PruneOutput,
  publicRunId,
  type Round,
  type RoundHistory,
  trialsOf,
} from '@kneepoint/workflow';
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
      const { input, run, signal, progress, store, db } = context;
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
      const made = await runTask<PruneTaskInput, PruneTaskOutput>(
        TASK,
        { ...gathered, ...equalMacs, ...trained, job, layers, outFolder: folder, run: publicRunId(run.id) },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      ).catch((error: unknown): PruneOutput => ({ ...otherwise(start, error), unreachable: true }));
      if ('modelSha256' in made) return { output: made };
      const { report, kept, declared } = made;
      const model = await store.put(join(folder, 'pruned.onnx'), { mediaType: 'application/octet-stream' });
      const written = await store.put(join(folder, 'report.json'), { mediaType: 'application/json' });
      const asDeclared = declared
        ? await store.put(join(folder, 'declared.onnx'), { mediaType: 'application/octet-stream' })
        : undefined;
      const output: PruneOutput = {
        modelSha256: model.sha256,
        ...(asDeclared ? { declaredSha256: asDeclared.sha256 } : {}),
        reportSha256: written.sha256,
        report,
        kept,
      };
      return { output, provider: report.measured.provider };
    });
}

/** What a pruning starts from: the registered model, a network that a training made, or nothing, as an earlier round was the last. */
type Start =
  | { readonly passed: PruneOutput }
  | {
      readonly trained?: NonNullable<PruneTaskInput['trained']>;
      readonly target?: PruneInput['options']['target'];
      /** What a search falls back on. */
      readonly best?: PruneOutput;
    };

/** A search that asks for less than there can be ends with the best so far. */
const TOO_SMALL: readonly string[] = [
  'PLAN_TARGET_UNREACHABLE',
  'SURGERY_NOT_PROVED',
  'SURGERY_UNDECIDED',
  'SURGERY_RUNTIME_DIFFERS',
];

/** The outcome of an earlier round where a search has asked for too little; else throws what went wrong. */
function otherwise({ best }: { readonly best?: PruneOutput }, error: unknown): PruneOutput {
  if (best && TOO_SMALL.includes(Failure.from(error).code)) return best;
  throw error;
}

async function startOf(
  { options, round }: PruneInput,
  { db, store }: Pick<StepContext, 'db' | 'store'>,
): Promise<Start> {
  if (!round) return {};
  const history = await roundHistory(round, db);
  const decision = decideRound(options, round, history);
  if (decision.done) {
    return { passed: passedOn(round, history, decision.best) };
  }
  const from = decision.from === null ? undefined : history.earlier[decision.from];
  const { modelSha256 } = from?.finetune ?? history.whole;
  const kept: KeptChannels | null = from?.prune.kept ?? null;
  const trials = options.keep ? trialsOf(options.keep, history) : [];
  return {
    trained: { path: await store.localPath(modelSha256), kept },
    target: decision.target,
    ...(trials.length === 0 ? {} : { best: passedOn(round, history, bestTrial(trials)) }),
  };
}

function passedOn(round: Round, { earlier }: RoundHistory, best: number): PruneOutput {
  const { settled = round.earlier[best]!, ...output } = earlier[best]!.prune;
  return { ...output, settled };
}

/** MACs of the network that an earlier pruning made. */
async function macsOf(key: string, db: StepContext['db']): Promise<number> {
  return (await readResults(db, [key])).of<PruneOutput>(key).report.after.macs;
}
