import { changeRun, Unchanged } from '../change-run.ts';
import { tellChange } from '../run-events.ts';
import type { Reconciliation } from './reconciliation.ts';
import { isRunTerminal } from '../states.ts';

const BATCH = 200;

/** A run that is not over although none of its steps is queued or running is settled once more: it ends or goes on. */
export async function settleIdleRuns({ db, bus, log }: Reconciliation): Promise<void> {
  const runs = await db.prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM run
    WHERE state IN ('QUEUED', 'STARTING', 'RUNNING', 'CANCELING')
      AND NOT EXISTS (SELECT 1 FROM step WHERE step.run_id = run.id AND step.state IN ('QUEUED', 'RUNNING'))
    LIMIT ${BATCH}`;
  for (const { id } of runs) {
    const change = await changeRun(db, id, (_tx, run) =>
      Promise.resolve(isRunTerminal(run.state) ? new Unchanged(false) : true),
    );
    log?.warn({ run: id, state: change?.state }, 'idle run settled');
    tellChange(bus, id, change?.seq);
  }
}
