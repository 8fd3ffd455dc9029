import { addToOutbox } from '../outbox.ts';
import type { Reconciliation } from './reconciliation.ts';

interface UnseenStep {
  readonly id: string;
  readonly runId: string;
  readonly service: string;
  readonly attempt: number;
  readonly republished: number;
}

const BATCH = 500;
/** A busy service may simply not have come to a step yet, so it is given longer; and each repetition longer than the last. */
const BUSY_FACTOR = 15;
const MOST_DOUBLINGS = 4;

/** Sends steps again that should be on the bus but that no worker has taken: the bus may have lost or given up their message. */
export async function republishUnseen({ db, log }: Reconciliation, afterMs: number): Promise<void> {
  const steps = await db.prisma.$queryRaw<UnseenStep[]>`
    SELECT s.id, s.run_id AS "runId", s.service, s.attempt, s.republished FROM step s
    WHERE s.state = 'QUEUED'
      AND s.queued_at < clock_timestamp() - make_interval(secs => ${afterMs / 1000}::float8
        * power(2, least(s.republished, ${MOST_DOUBLINGS}))
        * CASE WHEN EXISTS (SELECT 1 FROM step r WHERE r.state = 'RUNNING' AND r.service = s.service)
            THEN ${BUSY_FACTOR} ELSE 1 END)
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.payload->>'stepId' = s.id)
    ORDER BY s.queued_at LIMIT ${BATCH}`;
  if (await republish({ db, log }, steps)) db.wakeOutbox();
}

/** Under a message id of its own, which the bus does not take for a repetition. Returns whether anything was sent. */
export async function republish(
  { db, log }: Pick<Reconciliation, 'db' | 'log'>,
  steps: readonly UnseenStep[],
): Promise<boolean> {
  for (const { id, runId, service, attempt, republished } of steps) {
    await db.transaction(async (tx) => {
      const [clock] = await tx.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
      const { count } = await tx.step.updateMany({
        where: { id, state: 'QUEUED', attempt, republished },
        data: { queuedAt: clock.now, republished: republished + 1 },
      });
      if (count === 1) await addToOutbox(tx, runId, [{ id, service, attempt }], clock.now, republished + 1);
    });
    log?.warn({ run: runId, step: id, attempt, queue: service }, 'step that no worker took is sent again');
  }
  return steps.length > 0;
}
