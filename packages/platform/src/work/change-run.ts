import type { LockedRun } from './locked-run.ts';
import type { Transaction } from '../database/client.ts';
import type { Database } from '../database/database.ts';
import { observeEnd } from './observe-end.ts';
import { settleRun } from './settle-run.ts';
import { isRunTerminal } from './states.ts';

export interface RunChange<T> {
  readonly value: T;
  /** The run's number after the change; undefined when nothing was changed. */
  readonly seq: number | undefined;
  readonly state: string;
}

/** What a change returns to say that it did nothing. */
export class Unchanged<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

/**
 * Changes a run in one transaction: locks its row, so that changes of one run follow one another; applies `change`; then
 * frees the steps that have become ready, ends the run if it is over, and raises `seq`. Returns undefined when the run is gone.
 * Every transition of a run or step goes through here (a heartbeat aside), always locking the run before its steps.
 */
export async function changeRun<T>(
  db: Database,
  runId: string,
  change: (tx: Transaction, run: LockedRun) => Promise<T | Unchanged<T>>,
): Promise<RunChange<T> | undefined> {
  let ended: LockedRun | undefined;
  const result = await db.transaction(async (tx): Promise<RunChange<T> | undefined> => {
    ended = undefined;
    const run = await lockRun(tx, runId);
    if (run === undefined) return undefined;
    const value = await change(tx, run);
    if (value instanceof Unchanged) return { value: value.value, seq: undefined, state: run.state };
    const state = await settleRun(tx, run);
    ended = !isRunTerminal(run.state) && isRunTerminal(state) ? { ...run, state } : undefined;
    return { value, seq: run.seq + 1, state };
  });
  if (ended !== undefined) observeEnd(ended, ended.now);
  if (result?.seq !== undefined) db.wakeOutbox();
  return result;
}

async function lockRun(tx: Transaction, runId: string): Promise<LockedRun | undefined> {
  const [run] = await tx.$queryRaw<LockedRun[]>`
    SELECT id, project_id AS "projectId", kind, state, seq, created_at AS "createdAt", clock_timestamp() AS now FROM run WHERE id = ${runId} FOR UPDATE`;
  return run;
}
