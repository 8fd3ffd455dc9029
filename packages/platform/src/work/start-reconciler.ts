import type { Reconciliation } from './reconcile/reconciliation.ts';
import type { Bus, Consumer } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log/create-logger.ts';
import { DEFAULT_LEASE_SECONDS } from './lease.ts';
import { endGivenUp } from './reconcile/end-given-up.ts';
import { endStuckCancellations } from './reconcile/end-stuck-cancellations.ts';
import { expireLeases } from './reconcile/expire-leases.ts';
import { republishUnseen } from './reconcile/republish-unseen.ts';
import { settleIdleRuns } from './reconcile/settle-idle-runs.ts';
import { takeUpAfterRestart } from './reconcile/take-up-after-restart.ts';
import { repeat, type Repeating } from './repeat.ts';

export interface ReconcilerOptions {
  readonly log?: Logger;
  /** How long workers' leases last; the defaults below follow from it. Default 30. */
  readonly leaseSeconds?: number;
  /** Milliseconds between passes. Default: a tenth of a lease. */
  readonly everyMs?: number;
  /** Milliseconds that a canceled run may take to end before its steps are taken away. Default: two leases. */
  readonly cancelGraceMs?: number;
  /** Milliseconds after which a step that no worker has taken is sent again. Default: two leases. */
  readonly republishAfterMs?: number;
}

/**
 * Repairs what the ordinary course leaves behind when something dies: leases that ran out, messages that were lost or given up,
 * cancellations that nobody heard. Every repair is a compare-and-set, so any number of reconcilers may run.
 */
export function startReconciler(db: Database, bus: Bus, options: ReconcilerOptions = {}): Repeating {
  const { log, leaseSeconds = DEFAULT_LEASE_SECONDS } = options;
  const { everyMs = leaseSeconds * 100, cancelGraceMs = leaseSeconds * 2_000 } = options;
  const { republishAfterMs = leaseSeconds * 2_000 } = options;
  const shared: Reconciliation = { db, bus, log };
  let restarted = db.exclusive;
  let letters: Consumer | undefined;
  const reconcile = async (): Promise<void> => {
    letters ??= await bus.consumeDead((letter) => endGivenUp(shared, letter));
    if (restarted) {
      await takeUpAfterRestart(shared);
      restarted = false;
    }
    if (!(await isActive(db))) return;
    await expireLeases(shared);
    await republishUnseen(shared, republishAfterMs);
    await settleIdleRuns(shared);
    await endStuckCancellations(shared, cancelGraceMs);
  };
  const passes = repeat(everyMs, reconcile, (error) =>
    log?.warn({ error }, 'reconciliation failed; it is tried again'),
  );
  return {
    notify: () => passes.notify(),
    stop: async () => {
      await passes.stop();
      await letters?.drain();
    },
  };
}

/** Whether there is anything that could need a repair: one question, where each repair asks its own. */
async function isActive({ prisma }: Database): Promise<boolean> {
  const [row] = await prisma.$queryRaw<[{ active: boolean }]>`
    SELECT EXISTS (SELECT FROM step WHERE state IN ('QUEUED', 'RUNNING'))
      OR EXISTS (SELECT FROM run WHERE state IN ('QUEUED', 'STARTING', 'RUNNING', 'CANCELING')) AS active`;
  return row.active;
}
