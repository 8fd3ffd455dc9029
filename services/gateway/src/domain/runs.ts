import { Failure, type FailureJson } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { Attempt, Progress, Pruning, Run, RunFailure, RunFilter, Step } from '../schema/run.ts';
import { toDelivered } from './delivered.ts';
import { globalId, localId } from './ids.ts';
import { toLabels } from './labels.ts';
import { type ListOwner, pageOf } from './list-pages.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';
import { NO_PROGRESS } from './progress.ts';
import { Remembered } from './remembered.ts';
import { conditionsOf, whereOf } from './run-filter.ts';
import type { AttemptRow, StepRow } from './run-lists.ts';
import { Shared } from './shared.ts';
import { isRetryable, tellFailure } from './tell-failure.ts';

/** What was asked for can be long; who asks for it gets it by a loader of its own. */
const UNSHOWN = { input: true } as const;
export type RunRow = Omit<NonNullable<Awaited<ReturnType<Context['db']['prisma']['run']['findUnique']>>>, 'input'>;

export async function findRun({ loaders }: Pick<Context, 'loaders'>, id: string): Promise<Run | null> {
  const row = await loaders.runs.load(id);
  return row ? toRun(row) : null;
}

/** The run behind a global id, or RUN_UNKNOWN. */
export async function requireRun({ loaders }: Pick<Context, 'loaders'>, id: string, where = 'id'): Promise<RunRow> {
  const row = await loaders.runs.load(localId('Run', id));
  if (!row)
    throw new Failure('RUN_UNKNOWN', `no run has the id ${id}`, {
      where,
      fix: 'List the runs and pass the id of one.',
    });
  return row;
}

/** A page that many look at is read once for all who ask for it at a time; so is how many runs there are. */
const listed = new Shared<readonly RunRow[]>();
const counts = new Shared<number>();

/** Throws PAGE_INVALID, and as `conditionsOf`. */
export async function listRuns(
  { db }: Context,
  request: PageRequest,
  filter: RunFilter | null | undefined,
): Promise<Page<Run>> {
  const { take, position } = readPage(request);
  const where = whereOf(conditionsOf(filter));
  const name = JSON.stringify([db.projectId, where]);
  const rows = await listed.ask(`${name} ${take} ${request.after}`, () =>
    db.prisma.run.findMany({
      where: { AND: [where, afterPosition(position)] },
      orderBy: NEWEST_FIRST,
      take: take + 1,
      omit: UNSHOWN,
    }),
  );
  const count = (): Promise<number> => counts.ask(name, () => countRuns(db, where));
  return toPage({ rows, take, after: request.after, toNode: toRun, count });
}

/** All runs of a project are counted as they come and go; some of them are counted when that is asked. */
async function countRuns({ prisma, projectId }: Context['db'], where: object): Promise<number> {
  if (projectId === undefined || Object.keys(where).length > 0) return prisma.run.count({ where });
  const { runCount } = await prisma.project.findUniqueOrThrow({ where: { id: projectId }, select: { runCount: true } });
  return runCount;
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
    createdBy: row.createdBy,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    modelId: row.modelId,
    datasetId: row.datasetId,
    name: row.name,
    labels: toLabels(row.labels),
    metadata: row.metadata as object | null,
    tasks: row.tasks,
  };
}

/** How far runs were at a `seq` of theirs, with which all that can be seen of their steps changes. */
const progresses = new Remembered<Progress>(2 * 2 ** 20);

function versionOf({ rowId, seq }: Run): ListOwner {
  return { id: rowId, version: String(seq) };
}

/** What is there already is given at once, by which a page of runs is much cheaper than if each of its lists were waited for. */
export type Soon<Value> = Value | Promise<Value>;

export function stepsOf({ loaders }: Context, run: Run, page: PageRequest): Soon<Page<Step>> {
  return pageOf(loaders.steps, versionOf(run), page, (row) => toStep(row, run.seq));
}

export function attemptsOf({ loaders }: Context, run: Run, page: PageRequest): Soon<Page<Attempt>> {
  return pageOf(loaders.attempts, versionOf(run), page, toAttempt);
}

export function attemptsOfStep({ loaders }: Context, step: Step, page: PageRequest): Soon<Page<Attempt>> {
  const owner = { id: step.rowId, version: step.version };
  return pageOf(loaders.stepAttempts, owner, page, (row) => toAttempt({ ...row, step: step.name }));
}

export function progressOf({ loaders }: Context, run: Run): Soon<Progress> {
  const name = `${run.rowId} ${run.seq}`;
  return progresses.get(name) ?? readProgressOf(loaders, run, name);
}

async function readProgressOf(loaders: Context['loaders'], { rowId }: Run, name: string): Promise<Progress> {
  // A run that was deleted meanwhile has no steps.
  const progress = (await loaders.progress.load(rowId)) ?? NO_PROGRESS;
  progresses.set(name, progress);
  return progress;
}

export function pruningsOf({ loaders }: Context, run: Run, page: PageRequest): Soon<Page<Pruning>> {
  return pageOf(loaders.prunings, { id: run.rowId }, page, (row) => toDelivered(loaders, row));
}

function toStep(row: StepRow, seq: number): Step {
  return {
    rowId: row.id,
    version: String(seq),
    name: row.name,
    kind: row.kind,
    service: row.service,
    state: row.state,
    reused: row.reused,
    done: Math.round(row.done),
    total: row.total === null ? null : Math.round(row.total),
    unit: row.unit,
    message: row.message,
    etaSeconds: row.etaSeconds,
    failure: toFailure(row.failure),
  };
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    step: row.step,
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
  const { code, message, where, fix } = tellFailure(json as FailureJson);
  return { code, message, where: where ?? null, fix: fix ?? null, retryable: isRetryable(code) };
}
