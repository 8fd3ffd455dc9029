import { changeRun, Unchanged } from '../change-run.ts';
import { tellCancel, tellChange } from '../run-events.ts';
import { cancelSteps } from '../settle-run.ts';
import type { Reconciliation } from './reconciliation.ts';

/** A handler that doesn't listen can't keep a canceled run open: its step is taken away, and what it makes is dropped. */
export async function endStuckCancellations({ db, bus, log }: Reconciliation, graceMs: number): Promise<void> {
  const runs = await db.prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM run
    WHERE state = 'CANCELING'
      AND cancel_requested_at < clock_timestamp() - make_interval(secs => ${graceMs / 1000}::float8)`;
  for (const { id } of runs) {
    const change = await changeRun(db, id, async (tx, run) => {
      if (run.state !== 'CANCELING') return new Unchanged(false);
      await cancelSteps(tx, run, ['RUNNING']);
      return true;
    });
    log?.warn({ run: id }, 'cancellation enforced');
    tellCancel(bus, id);
    tellChange(bus, id, change?.seq);
  }
}
