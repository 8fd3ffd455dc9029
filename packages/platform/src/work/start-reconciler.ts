import type { Bus, Consumer } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log/create-logger.ts';
import { endGivenUp } from './reconcile/end-given-up.ts';
import { endStuckCancellations } from './reconcile/end-stuck-cancellations.ts';
import { expireLeases } from './reconcile/expire-leases.ts';
import { republishUnseen } from './reconcile/republish-unseen.ts';
import { settleIdleRuns } from './reconcile/settle-idle-runs.ts';
import { takeUpAfterRestart } from './reconcile/take-up-after-restart.ts';
import { repeat, type Repeating } from './repeat.ts';

export interface ReconcilerOptions {
  readonly log?: Logger;
  /** Milliseconds between passes. Default 3 000. */
  readonly everyMs?: number;
  /** Milliseconds that a canceled run may take to end before its steps are taken away. Default 60 000. */
  readonly cancelGraceMs?: number;
  /** Milliseconds after which a step that no worker has taken is sent again. Default 60 000. */
  readonly republishAfterMs?: number;
}

export interface Reconciliation {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger | undefined;
}

/**
 * Repairs what the ordinary course leaves behind when something dies: leases that ran out, messages that were lost or given up,
 * cancellations that nobody heard. Every repair is a compare-and-set, so any number of reconcilers may run.
 */
export function startReconciler(db: Database, bus: Bus, options: ReconcilerOptions = {}): Repeating {
  const { log, everyMs = 3_000, cancelGraceMs = 60_000, republishAfterMs = 60_000 } = options;
  const shared: Reconciliation = { db, bus, log };
  let restarted = db.exclusive;
  let letters: Consumer | undefined;
  const passes = repeat(everyMs, async () => {
    try {
      letters ??= await bus.consumeDead((letter) => endGivenUp(shared, letter));
      if (restarted) {
        await takeUpAfterRestart(shared);
        restarted = false;
      }
      await expireLeases(shared);
      await republishUnseen(shared, republishAfterMs);
      await settleIdleRuns(shared);
      await endStuckCancellations(shared, cancelGraceMs);
    } catch (error) {
      log?.warn({ error }, 'reconciliation failed; it is tried again');
    }
  });
  return {
    notify: () => passes.notify(),
    stop: async () => {
      await passes.stop();
      await letters?.drain();
    },
  };
}
