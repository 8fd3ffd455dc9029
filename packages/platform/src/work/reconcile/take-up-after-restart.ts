import type { Reconciliation } from './reconciliation.ts';
import { republish } from './republish-unseen.ts';

/**
 * For a database that one process has to itself: whoever held a lease before it was opened is dead, and a bus inside that
 * process has forgotten its messages. So nothing needs to be waited for.
 */
export async function takeUpAfterRestart({ db, log }: Reconciliation): Promise<void> {
  await db.prisma.$executeRaw`
    UPDATE step SET lease_until = clock_timestamp() - interval '1 second'
    FROM attempt
    WHERE attempt.token = step.token AND step.state = 'RUNNING' AND attempt.started_at < ${db.openedAt}`;
  const steps = await db.prisma.step.findMany({
    where: { state: 'QUEUED', queuedAt: { lt: db.openedAt } },
    orderBy: { queuedAt: 'asc' },
    select: { id: true, runId: true, service: true, attempt: true, republished: true },
  });
  if (await republish({ db, log }, steps)) db.wakeOutbox();
}
