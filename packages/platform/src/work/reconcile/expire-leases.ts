import { endAttempt } from '../end-attempt.ts';
import { tellCancel, tellChange } from '../run-events.ts';
import type { Reconciliation } from './reconciliation.ts';

const BATCH = 200;

/** A lease that ran out means a worker that died or froze: the step is queued again, or fails when its attempts are used up. */
export async function expireLeases({ db, bus, log }: Reconciliation): Promise<void> {
  const expired = await db.prisma.$queryRaw<{ stepId: string; runId: string; token: string; worker: string }[]>`
    SELECT id AS "stepId", run_id AS "runId", token, worker FROM step
    WHERE state = 'RUNNING' AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT ${BATCH}`;
  for (const { worker, ...reference } of expired) {
    const change = await endAttempt(db, reference, { outcome: 'LOST' });
    if (change?.value !== true) continue;
    log?.warn({ run: reference.runId, step: reference.stepId, worker }, 'worker lost');
    // A worker that only froze learns at once that it has been replaced.
    tellCancel(bus, reference.runId);
    tellChange(bus, reference.runId, change.seq);
  }
}
