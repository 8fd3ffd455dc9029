import type { Bus } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import type { Run } from '../database/generated/client.ts';
import { changeRun, Unchanged } from './change-run.ts';
import { tellCancel, tellChange } from './run-events.ts';
import { runNotFound } from './run-not-found.ts';
import { isRunTerminal } from './states.ts';

/**
 * Asks a run to end: what has not started never will, what runs is told to stop. Canceling twice, or after the end, changes
 * nothing. Returns the run as it then is. Throws RUN_NOT_FOUND.
 */
export async function cancelRun(db: Database, bus: Bus, runId: string): Promise<Run> {
  const change = await changeRun(db, runId, async (tx, run) => {
    if (isRunTerminal(run.state) || run.state === 'CANCELING') return new Unchanged(false);
    await tx.run.update({ where: { id: runId }, data: { state: 'CANCELING', cancelRequestedAt: run.now } });
    return true;
  });
  if (change === undefined) throw runNotFound(runId);
  if (change.value) tellCancel(bus, runId);
  tellChange(bus, runId, change.seq);
  return db.prisma.run.findUniqueOrThrow({ where: { id: runId } });
}
