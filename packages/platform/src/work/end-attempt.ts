import { randomUUID } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import type { Transaction } from '../database/client.ts';
import type { Database } from '../database/database.ts';
import type { Step } from '../database/generated/client.ts';
import { countFailure } from '../metrics/metrics.ts';
import { changeRun, type RunChange, Unchanged } from './change-run.ts';
import { type LockedRun } from './locked-run.ts';
import type { JobMessage } from './job-message.ts';
import { addToOutbox } from './outbox.ts';
import type { AttemptOutcome } from './states.ts';
import { storedJson } from './stored-json.ts';

/** How an attempt ended without a result. */
export type AttemptEnd =
  | { readonly outcome: 'FAILED'; readonly failure: Failure; readonly provider?: string }
  | { readonly outcome: 'CANCELED' }
  | { readonly outcome: 'HANDED_BACK' }
  | { readonly outcome: 'TIMED_OUT' }
  /** Only if the lease has in fact run out, by the database's clock. */
  | { readonly outcome: 'LOST' };

export interface AttemptReference {
  readonly runId: string;
  readonly stepId: string;
  readonly token: string;
}

/** Stands for the worker of an attempt that none has claimed. */
const NOBODY = 'none';

/** Milliseconds before the next attempt after one that failed: doubled each time. */
export const RETRY_DELAY_MS = 1_000;

/**
 * An attempt that ended because the object store was away is none of the step's own: so many do not count, with a longer wait before
 * each next one, up to a minute; five minutes in all.
 */
const FREE_OUTAGES = 8;
const OUTAGE_DELAYS = 4;
const LONGEST_OUTAGE_DELAYS = 64;

/**
 * Ends an attempt that holds the step, and decides what becomes of the step: queued again, canceled or failed. An attempt that
 * has lost its token changes nothing; `value` is then false.
 */
export async function endAttempt(
  db: Database,
  { runId, stepId, token }: AttemptReference,
  end: AttemptEnd,
  retryDelayMs = RETRY_DELAY_MS,
): Promise<RunChange<boolean> | undefined> {
  const change = await changeRun(db, runId, async (tx, run) => {
    const step = await tx.step.findUnique({ where: { id: stepId } });
    if (step?.token !== token || step.state !== 'RUNNING') return new Unchanged(undefined);
    if (end.outcome === 'LOST' && (step.leaseUntil ?? run.now) >= run.now) return new Unchanged(undefined);
    const failure = failureOf(step, end);
    await tx.attempt.update({
      where: { token },
      data: {
        endedAt: run.now,
        outcome: end.outcome satisfies AttemptOutcome,
        ...(failure === undefined ? {} : { failure: storedJson(failure) }),
        ...('provider' in end ? { provider: end.provider } : {}),
      },
    });
    await leaveStep(tx, run, step, end, failure, retryDelayMs);
    return { step, failure };
  });
  const ended = change?.value;
  if (ended?.failure !== undefined) countFailure(ended.step, ended.failure);
  return change && { ...change, value: ended !== undefined };
}

/**
 * Ends an attempt that nobody claimed, because the bus gave up its job: it counts as one that failed. Nothing changes when a
 * worker has the step after all, or when the attempt was superseded; `value` is then false.
 */
export async function giveUpAttempt(
  db: Database,
  { runId, stepId, attempt }: JobMessage,
  failure: Failure,
  retryDelayMs = RETRY_DELAY_MS,
): Promise<RunChange<boolean> | undefined> {
  const change = await changeRun(db, runId, async (tx, run) => {
    const step = await tx.step.findUnique({ where: { id: stepId } });
    if (step?.runId !== runId || step.state !== 'QUEUED' || step.attempt !== attempt) return new Unchanged(undefined);
    await tx.attempt.create({
      data: {
        ...{ stepId, number: attempt, token: randomUUID(), worker: NOBODY },
        ...{ startedAt: step.queuedAt ?? run.now, endedAt: run.now },
        outcome: 'FAILED' satisfies AttemptOutcome,
        failure: storedJson(failure),
      },
    });
    await leaveStep(tx, run, step, { outcome: 'FAILED', failure }, failure, retryDelayMs);
    return step;
  });
  if (change?.value !== undefined) countFailure(change.value, failure);
  return change && { ...change, value: change.value !== undefined };
}

async function leaveStep(
  tx: Transaction,
  run: LockedRun,
  step: Step,
  end: AttemptEnd,
  failure: Failure | undefined,
  retryDelayMs: number,
): Promise<void> {
  const ended = { token: null, leaseUntil: null, etaSeconds: null, endedAt: run.now };
  const where = { id: step.id };
  if (end.outcome === 'CANCELED' || run.state === 'CANCELING') {
    await tx.step.update({ where, data: { ...ended, state: 'CANCELED' } });
    return;
  }
  const outages = failure?.code === 'STORE_UNAVAILABLE' ? await outagesOf(tx, step) : 0;
  const free = end.outcome === 'HANDED_BACK' || (outages > 0 && outages <= FREE_OUTAGES);
  const handedBack = step.handedBack + (free ? 1 : 0);
  const used = step.attempt - handedBack;
  if (free || (failure?.retryable === true && used < step.maxAttempts)) {
    const delays = outages > 0 ? Math.min(OUTAGE_DELAYS * 2 ** (outages - 1), LONGEST_OUTAGE_DELAYS) : 2 ** (used - 1);
    const delayMs = end.outcome === 'FAILED' ? retryDelayMs * delays : 0;
    const attempt = step.attempt + 1;
    const queuedAt = new Date(run.now.getTime() + delayMs);
    await tx.step.update({
      where,
      data: { ...ended, endedAt: null, state: 'QUEUED', attempt, handedBack, queuedAt, republished: 0, worker: null },
    });
    await addToOutbox(tx, run.id, [{ id: step.id, service: step.service, attempt }], queuedAt);
    return;
  }
  const data = failure === undefined ? {} : { failure: storedJson(failure) };
  await tx.step.update({ where, data: { ...ended, ...data, state: 'FAILED' } });
}

/** Attempts of a step that the store's absence ended, this one with them. */
function outagesOf(tx: Transaction, { id }: Step): Promise<number> {
  return tx.attempt.count({ where: { stepId: id, failure: { path: ['code'], equals: 'STORE_UNAVAILABLE' } } });
}

function failureOf(step: Step, end: AttemptEnd): Failure | undefined {
  switch (end.outcome) {
    case 'FAILED':
      return end.failure;
    case 'LOST':
      return new Failure('WORKER_LOST', `worker ${step.worker} stopped while it worked on "${step.name}"`, {
        where: `${step.name}, attempt ${step.attempt}`,
        fix: 'look at the log and the memory of that worker',
      });
    case 'TIMED_OUT':
      return new Failure('STEP_TIMED_OUT', `"${step.name}" did not end within ${step.timeoutSeconds} s`, {
        where: step.name,
        fix: 'use a faster machine, or give it less to do: fewer images, tasks or epochs, a smaller network',
      });
    case 'CANCELED':
    case 'HANDED_BACK':
      return undefined;
  }
}
