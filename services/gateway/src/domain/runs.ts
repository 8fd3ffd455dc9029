import { Failure, type FailureJson } from '@kneepoint/failures';
import { PRUNE, type PruneInput, type PruneOutput } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Attempt, Progress, Pruning, Run, RunFailure, RunFilter, Step } from '../schema/run.ts';
import { globalId, localId } from './ids.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';

type StepRow = Awaited<ReturnType<Context['loaders']['steps']['load']>>[number];
export type RunRow = NonNullable<Awaited<ReturnType<Context['db']['prisma']['run']['findUnique']>>>;

export const TERMINAL_STATES: readonly string[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];

export async function findRun({ db }: Pick<Context, 'db'>, id: string): Promise<Run | null> {
  const row = await db.prisma.run.findUnique({ where: { id } });
  return row ? toRun(row) : null;
}

/** The run behind a global id, or RUN_UNKNOWN. */
export async function requireRun(context: Pick<Context, 'db'>, id: string): Promise<RunRow> {
  const row = await context.db.prisma.run.findUnique({ where: { id: localId('Run', id) } });
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
    ...(filter.model ? { modelId: localId('Model', filter.model) } : {}),
    ...(filter.dataset ? { datasetId: localId('Dataset', filter.dataset) } : {}),
  };
  const [rows, total] = await Promise.all([
    db.prisma.run.findMany({ where: { AND: [where, afterPosition(position)] }, orderBy: NEWEST_FIRST, take: take + 1 }),
    db.prisma.run.count({ where }),
  ]);
  const page = toPage(rows, take, total);
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toRun(node) })) };
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
    done: row.done,
    total: row.total,
    unit: row.unit,
    failure: toFailure(row.failure),
  }));
}

export async function attemptsOf({ loaders }: Context, run: Run): Promise<readonly Attempt[]> {
  const rows = (await loaders.steps.load(run.rowId)).flatMap((step) => step.attempts);
  return rows.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime()).map(toAttempt);
}

/** Progress over all steps: each counts alike, a running one by its own share. */
export async function progressOf({ loaders }: Context, run: Run): Promise<Progress> {
  const steps = await loaders.steps.load(run.rowId);
  const current = steps.find((step) => step.state === 'RUNNING') ?? null;
  const share = (step: StepRow): number => {
    if (step.state === 'SUCCEEDED') return 1;
    return step.state === 'RUNNING' && step.done !== null && step.total ? Math.min(1, step.done / step.total) : 0;
  };
  const sum = steps.reduce((total, step) => total + share(step), 0);
  return {
    fraction: steps.length === 0 ? 0 : sum / steps.length,
    stepsDone: steps.filter((step) => step.state === 'SUCCEEDED').length,
    stepsTotal: steps.length,
    current: current?.name ?? null,
    done: current?.done ?? null,
    total: current?.total ?? null,
    unit: current?.unit ?? null,
    ratePerSecond: current?.ratePerSecond ?? null,
    etaSeconds: current?.etaSeconds ?? null,
  };
}

export async function pruningsOf({ loaders }: Context, run: Run): Promise<readonly Pruning[]> {
  const done = (await loaders.steps.load(run.rowId)).filter(
    (step) => step.kind === PRUNE.kind && step.state === 'SUCCEEDED',
  );
  return Promise.all(
    done.map(async (step) => {
      const input = step.input as unknown as PruneInput;
      const output = step.output as unknown as PruneOutput;
      const stem = `${input.modelName}-${input.task.name}-${input.options.epsilon}`;
      return {
        epsilon: input.options.epsilon,
        report: output.report,
        model: await artifact(loaders, output.modelSha256, `${stem}.onnx`),
        reportFile: await artifact(loaders, output.reportSha256, `${stem}.json`),
      };
    }),
  );
}

async function artifact(loaders: Context['loaders'], sha256: string, filename: string): Promise<Pruning['model']> {
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

function toFailure(json: unknown): RunFailure | null {
  if (json === null || json === undefined) return null;
  const { code, message, where, fix } = json as FailureJson;
  return { code, message, where: where ?? null, fix: fix ?? null };
}
