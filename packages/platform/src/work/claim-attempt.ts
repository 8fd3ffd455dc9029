import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Run, Step } from '../database/generated/client.ts';
import { recordRunEvent } from '../events/run-events.ts';
import { changeRun, Unchanged } from './change-run.ts';
import type { JobMessage } from './job-message.ts';
import { reuseResult } from './settle-run.ts';

/** The right to work on a step: whoever holds the token, and nobody else, may write to it. */
export interface Claim {
  readonly run: Run;
  readonly step: Step;
  readonly token: string;
}

export interface ClaimOptions {
  readonly worker: string;
  readonly leaseSeconds: number;
}

export interface ClaimOutcome {
  /** Absent when there is nothing to do: the run is over, the attempt was superseded, another worker has it. */
  readonly claim?: Claim;
  readonly seq: number | undefined;
}

/**
 * Takes the attempt that a message names, if it is still to be done: QUEUED -> RUNNING under a fresh token and lease. When the
 * result has appeared meanwhile, from another run of the project, the step is done with that.
 */
export async function claimAttempt(
  db: Database,
  { runId, stepId, attempt }: JobMessage,
  { worker, leaseSeconds }: ClaimOptions,
): Promise<ClaimOutcome> {
  const token = randomUUID();
  const change = await changeRun(db, runId, async (tx, run) => {
    const step = await tx.step.findUnique({ where: { id: stepId } });
    if (step?.runId !== runId || step.state !== 'QUEUED' || step.attempt !== attempt) return new Unchanged(false);
    const result = await tx.result.findFirst({ where: { projectId: run.projectId, key: step.key } });
    if (result !== null) {
      await reuseResult(tx, stepId, result.output, run.now);
      return false;
    }
    await tx.step.update({
      where: { id: stepId },
      data: {
        state: 'RUNNING',
        token,
        worker,
        leaseUntil: new Date(run.now.getTime() + leaseSeconds * 1000),
        startedAt: step.startedAt ?? run.now,
        done: 0,
        message: null,
        ratePerSecond: null,
        etaSeconds: null,
      },
    });
    await tx.attempt.create({ data: { stepId, number: attempt, token, worker, startedAt: run.now } });
    if (run.state === 'QUEUED') {
      const data = { state: 'STARTING', startedAt: run.now };
      await recordRunEvent(tx, await tx.run.update({ where: { id: runId }, data, omit: { input: true } }), run.now);
    }
    return true;
  });
  if (change?.value !== true) return { seq: change?.seq };
  const { run, ...step } = await db.prisma.step.findUniqueOrThrow({ where: { id: stepId }, include: { run: true } });
  return { claim: { run, step, token }, seq: change.seq };
}
