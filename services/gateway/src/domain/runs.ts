import { Failure, type FailureJson } from '@kneepoint/failures';
import { summarizeProgress } from '@kneepoint/platform';
import { goalLabel, type PruneInput, type PruneOutput } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Attempt, Progress, Pruning, Run, RunFailure, RunFilter, Step } from '../schema/run.ts';
import { globalId, localId } from './ids.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';

type StepRow = Awaited<ReturnType<Context['loaders']['steps']['load']>>[number];
/** What was asked for can be long, and nobody can ask for it. */
const UNSHOWN = { input: true } as const;
export type RunRow = Omit<NonNullable<Awaited<ReturnType<Context['db']['prisma']['run']['findUnique']>>>, 'input'>;

export async function findRun({ db }: Pick<Context, 'db'>, id: string): Promise<Run | null> {
  const row = await db.prisma.run.findUnique({ where: { id }, omit: UNSHOWN });
  return row ? toRun(row) : null;
}

/** The run behind a global id, or RUN_UNKNOWN. */
export async function requireRun({ loaders }: Pick<Context, 'loaders'>, id: string): Promise<RunRow> {
  const row = await loaders.runs.load(localId('Run', id));
  if (!row)
    throw new Failure('RUN_UNKNOWN', `no run has the id ${id}`, {
      where: 'id',
      fix: 'List the runs and pass the id of one.',
    });
  return row;
}

export async function listRuns({ db }: Context, request: PageRequest, filter: RunFilter): Promise<Page<Run>> {
  const { take, position } = readPage(request);
  const where = {
    ...(filter.kind ? { kind: filter.kind } : {}),
    ...(filter.state ? { state: filter.state } : {}),
    ...(filter.model ? { modelId: localId('Model', filter.model, 'filter.model') } : {}),
    ...(filter.dataset ? { datasetId: localId('Dataset', filter.dataset, 'filter.dataset') } : {}),
  };
  const rows = await db.prisma.run.findMany({
    where: { AND: [where, afterPosition(position)] },
    orderBy: NEWEST_FIRST,
    take: take + 1,
    omit: UNSHOWN,
  });
  return toPage({ rows, take, toNode: toRun, count: () => db.prisma.run.count({ where }) });
}

export function toRun(row: RunRow): Run {
  return {
    id: globalId('Run', row.id),
    nodeType: 'Run',
    rowId: row.id,
    kind: row.kind,
    state: row.state,
    seq: row.seq,
    reused: row.reused,
    failure: toFailure(row.failure),
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    modelId: row.modelId,
    datasetId: row.datasetId,
  };
}

export async function stepsOf({ loaders }: Context, run: Run): Promise<readonly Step[]> {
  return (await loaders.steps.load(run.rowId)).map((row) => ({
    name: row.name,
    kind: row.kind,
    service: row.service,
    state: row.state,
    reused: row.reused,
    attempts: row.attempts.map(toAttempt),
    done: Math.round(row.done),
    total: row.total === null ? null : Math.round(row.total),
    unit: row.unit,
    failure: toFailure(row.failure),
  }));
}

export async function attemptsOf({ loaders }: Context, run: Run): Promise<readonly Attempt[]> {
  const rows = (await loaders.steps.load(run.rowId)).flatMap((step) => step.attempts);
  return rows.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime()).map(toAttempt);
}

export async function progressOf({ loaders }: Context, run: Run): Promise<Progress> {
  const steps = await loaders.steps.load(run.rowId);
  const { step, done, total, ...progress } = summarizeProgress(steps);
  return {
    ...progress,
    stepsDone: steps.filter(({ state }) => state === 'SUCCEEDED').length,
    stepsTotal: steps.length,
    current: step,
    // Steps that have not said how much they are count as the mean of their siblings, which need not be whole.
    done: step === null ? null : Math.round(done),
    total: total === null ? null : Math.round(total),
  };
}

export async function pruningsOf({ loaders }: Context, run: Run): Promise<readonly Pruning[]> {
  const all = await loaders.prunings.load(run.rowId);
  // A search that is over passes an earlier pruning on.
  const done = all.filter(({ output }) => (output as { settled?: object } | null)?.settled === undefined);
  return Promise.all(
    done.map(async (step) => {
      const input = step.input as unknown as PruneInput;
      const output = step.output as unknown as PruneOutput;
      const label = goalLabel(input.options);
      const stem = `${input.modelName}-${output.report.task}-${label}`;
      return {
        label,
        epsilon: input.options.epsilon ?? null,
        report: output.report,
        model: await artifactOf(loaders, output.declaredSha256 ?? output.modelSha256, `${stem}.onnx`),
        reportFile: await artifactOf(loaders, output.reportSha256, `${stem}.json`),
      };
    }),
  );
}

/** An artifact that a run made, under the name that a download gets. Throws ARTIFACT_UNKNOWN. */
export async function artifactOf(
  loaders: Context['loaders'],
  sha256: string,
  filename: string,
): Promise<Pruning['model']> {
  const row = await loaders.artifacts.load(sha256);
  if (!row)
    throw new Failure('ARTIFACT_UNKNOWN', `artifact ${sha256} is not recorded`, {
      fix: 'Launch the run again to make it anew.',
    });
  return { sha256, bytes: Number(row.bytes), filename };
}

function toAttempt(row: StepRow['attempts'][number]): Attempt {
  return {
    number: row.number,
    worker: row.worker,
    outcome: row.outcome,
    failure: toFailure(row.failure),
    startedAt: row.startedAt,
    endedAt: row.endedAt,
  };
}

export function toFailure(json: unknown): RunFailure | null {
  if (json === null || json === undefined) return null;
  const { code, message, where, fix } = json as FailureJson;
  return { code, message, where: where ?? null, fix: fix ?? null };
}
