import { Prisma } from '../database/generated/client.ts';
import type { Transaction } from '../database/client.ts';
import { recordRunEvent } from '../events/run-events.ts';
import type { LockedRun } from './locked-run.ts';
import { addToOutbox, type QueuedStep } from './outbox.ts';
import { isRunTerminal, type RunState } from './states.ts';
import { storedJson } from './stored-json.ts';

/** What settling needs of a run whose row is locked. */
type SettledRun = Pick<LockedRun, 'id' | 'projectId' | 'seq' | 'now'>;

interface StepCounts {
  readonly total: number;
  readonly succeeded: number;
  readonly reused: number;
  readonly running: number;
}

/**
 * Draws the consequences of a change: a failed step ends its run, a canceled run ends when nothing runs any more, steps whose
 * dependencies have succeeded are queued or found done, and a run whose steps have all succeeded has succeeded.
 * Returns the run's state.
 */
export async function settleRun(tx: Transaction, run: SettledRun): Promise<string> {
  // The change itself may have moved the run on, to STARTING or CANCELING.
  const { state, startedAt } = await tx.run.findUniqueOrThrow({
    where: { id: run.id },
    select: { state: true, startedAt: true },
  });
  const next = isRunTerminal(state) ? {} : await consequences(tx, run, state);
  const ended = next.state !== undefined && isRunTerminal(next.state);
  const settled = await tx.run.update({
    where: { id: run.id },
    omit: { input: true },
    data: {
      ...next,
      seq: run.seq + 1,
      ...(ended ? { endedAt: run.now, startedAt: startedAt ?? run.now } : {}),
    },
  });
  if (ended) await recordRunEvent(tx, settled, run.now);
  return next.state ?? state;
}

type RunUpdate = { state?: RunState; failure?: Prisma.InputJsonValue; reused?: boolean };

async function consequences(tx: Transaction, run: SettledRun, state: string): Promise<RunUpdate> {
  const failed = await tx.step.findFirst({
    where: { runId: run.id, state: 'FAILED' },
    orderBy: { position: 'asc' },
    select: { name: true, failure: true },
  });
  if (failed !== null) {
    await cancelSteps(tx, run, ['WAITING', 'QUEUED', 'RUNNING']);
    const failure = storedJson({ ...(failed.failure as object), step: failed.name });
    return { state: hasCode(failed.failure, 'STEP_TIMED_OUT') ? 'TIMED_OUT' : 'FAILED', failure };
  }
  if (state === 'CANCELING') await cancelSteps(tx, run, ['WAITING', 'QUEUED']);
  else await queueReady(tx, run);

  const counts = await countSteps(tx, run.id);
  if (counts.succeeded === counts.total) return { state: 'SUCCEEDED', reused: counts.reused === counts.total };
  if (state === 'CANCELING') return counts.running === 0 ? { state: 'CANCELED' } : {};
  return state === 'STARTING' && counts.succeeded > counts.reused ? { state: 'RUNNING' } : {};
}

/** Queues every step that waits for nothing more; one whose result exists is done at once, and may free others. */
async function queueReady(tx: Transaction, run: SettledRun): Promise<void> {
  const queued: QueuedStep[] = [];
  for (;;) {
    const ready = await tx.$queryRaw<{ id: string; key: string; service: string }[]>`
      SELECT s.id, s.key, s.service FROM step s
      WHERE s.run_id = ${run.id} AND s.state = 'WAITING' AND NOT EXISTS (
        SELECT 1 FROM step_dependency d JOIN step p ON p.id = d.depends_on_id
        WHERE d.step_id = s.id AND p.state <> 'SUCCEEDED')
      ORDER BY s.position`;
    if (ready.length === 0) break;
    const keys = ready.map(({ key }) => key);
    const results = await tx.result.findMany({ where: { projectId: run.projectId, key: { in: keys } } });
    const outputs = new Map(results.map(({ key, output }) => [key, output]));
    const missing = ready.filter(({ key }) => !outputs.has(key));
    for (const { id, key } of ready) {
      const output = outputs.get(key);
      if (output !== undefined) await reuseResult(tx, id, output, run.now);
    }
    await tx.step.updateMany({
      where: { id: { in: missing.map(({ id }) => id) } },
      data: { state: 'QUEUED', attempt: 1, queuedAt: run.now },
    });
    queued.push(...missing.map(({ id, service }) => ({ id, service, attempt: 1 })));
    if (missing.length === ready.length) break;
  }
  await addToOutbox(tx, run.id, queued, run.now);
}

/** Marks a step as done by an earlier one with the same key. */
export async function reuseResult(tx: Transaction, stepId: string, output: Prisma.JsonValue, now: Date): Promise<void> {
  await tx.step.update({
    where: { id: stepId },
    data: { state: 'SUCCEEDED', reused: true, output: output ?? Prisma.JsonNull, startedAt: now, endedAt: now },
  });
}

/** Takes the token with the state: what a canceled attempt still writes is refused. */
export async function cancelSteps(tx: Transaction, run: SettledRun, states: readonly string[]): Promise<void> {
  const ending = { runId: run.id, state: { in: [...states] } };
  await tx.attempt.updateMany({
    where: { step: ending, endedAt: null },
    data: { endedAt: run.now, outcome: 'CANCELED' },
  });
  await tx.step.updateMany({
    where: ending,
    data: { state: 'CANCELED', token: null, leaseUntil: null, etaSeconds: null, endedAt: run.now },
  });
}

async function countSteps(tx: Transaction, runId: string): Promise<StepCounts> {
  const [counts] = await tx.$queryRaw<[StepCounts]>`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE state = 'SUCCEEDED')::int AS succeeded,
      count(*) FILTER (WHERE state = 'SUCCEEDED' AND reused)::int AS reused,
      count(*) FILTER (WHERE state = 'RUNNING')::int AS running
    FROM step WHERE run_id = ${runId}`;
  return counts;
}

function hasCode(failure: Prisma.JsonValue, code: string): boolean {
  return typeof failure === 'object' && failure !== null && 'code' in failure && failure.code === code;
}
