import { Failure } from '@kneepoint/failures';
import { cancelRun, isRunTerminal } from '@kneepoint/platform';
import { FINETUNE, type FinetuneInput, PRUNE, type PruneInput } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { LaunchCompressionInput } from '../schema/compression.ts';
import type { Run } from '../schema/run.ts';
import { launchCompression } from './compressions.ts';
import { toLabels } from './labels.ts';
import { requireRun } from './runs.ts';

/**
 * Ends a search for the smallest network with the best that it has so far: what is left of the run is cancelled, and the same compression launched with as
 * many rounds as are done, which are found by their keys. So no result depends on when somebody lost patience.
 * Throws RUN_UNKNOWN, RUN_NOT_SETTLEABLE.
 */
export async function settleCompression(context: Context, id: string): Promise<Run> {
  const { db, bus } = context;
  const run = await requireRun(context, id);
  const refuse = (reason: string): Failure =>
    new Failure('RUN_NOT_SETTLEABLE', `the run ${reason}`, {
      where: 'id',
      fix: 'Settle a compression that searches the smallest network that keeps a goal, once its first round is done.',
    });
  if (run.kind !== 'COMPRESSION') throw refuse(`is of kind ${run.kind}`);
  if (run.state === 'SUCCEEDED') throw refuse('has ended by itself');
  const rounds = await roundsDone(context, run.id);
  if (rounds === undefined) throw refuse('searches nothing');
  if (rounds === 0) throw refuse('has not finished a round yet');
  const { input, name, labels, metadata } = await db.prisma.run.findUniqueOrThrow({ where: { id: run.id } });
  // First what takes its place, under a key of its own: what cannot be launched cancels nothing, and asked for twice it is one run.
  const settled = await launchCompression(context, {
    ...(input as unknown as LaunchCompressionInput),
    rounds,
    run: { name, labels: toLabels(labels), metadata: metadata as object | null },
    idempotencyKey: `settle:${run.id}:${rounds}`,
  });
  if (!isRunTerminal(run.state)) await cancelRun(db, bus, run.id);
  return settled;
}

/** How many networks a search has cut and trained; undefined where the run is none. */
async function roundsDone({ db }: Context, runId: string): Promise<number | undefined> {
  const steps = await db.prisma.step.findMany({
    where: { runId, kind: { in: [PRUNE.kind, FINETUNE.kind] } },
    select: { kind: true, key: true, state: true, input: true },
  });
  const cuts = steps.filter(({ kind, input }) => {
    if (kind !== PRUNE.kind) return false;
    const { options, round } = input as unknown as PruneInput;
    return options.keep !== undefined && round !== undefined && round.closing === undefined;
  });
  if (cuts.length === 0) return undefined;
  const keys = new Set(cuts.map(({ key }) => key));
  const trained = steps.filter(({ kind, input }) => {
    if (kind !== FINETUNE.kind) return false;
    const { network } = input as unknown as FinetuneInput;
    return 'step' in network && keys.has(network.step.key);
  });
  return trained.filter(({ state }) => state === 'SUCCEEDED').length;
}
