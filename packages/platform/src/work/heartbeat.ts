import type { Database } from '../database/database.ts';
import type { AttemptReference } from './end-attempt.ts';
import type { ProgressState } from './progress-meter.ts';

export interface Heartbeat {
  /** False when the token is no longer the step's. */
  readonly held: boolean;
  /** The run was asked to end. */
  readonly canceling: boolean;
  /** The run's number when progress was written. */
  readonly seq: number | undefined;
}

/** Extends a lease and learns whether the work is still wanted. */
export async function extendLease(
  db: Database,
  { stepId, token }: AttemptReference,
  leaseSeconds: number,
): Promise<Heartbeat> {
  const [row] = await db.prisma.$queryRaw<{ state: string }[]>`
    UPDATE step SET lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    FROM run
    WHERE run.id = step.run_id AND step.id = ${stepId} AND step.token = ${token} AND step.state = 'RUNNING'
    RETURNING run.state`;
  return { held: row !== undefined, canceling: row?.state === 'CANCELING', seq: undefined };
}

/** The same, and writes progress, which everyone who watches the run sees. Locks the run first, as every change does. */
export async function writeProgress(
  db: Database,
  { runId, stepId, token }: AttemptReference,
  leaseSeconds: number,
  progress: ProgressState,
): Promise<Heartbeat> {
  const { done, total, unit, message, ratePerSecond, etaSeconds, share } = progress;
  const [row] = await db.prisma.$queryRaw<{ state: string; seq: number }[]>`
    WITH locked AS (SELECT id FROM run WHERE id = ${runId} FOR UPDATE),
    beat AS (
      UPDATE step SET lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}),
        done = ${done}, total = ${total}::float8, unit = ${unit}::text, message = ${message}::text,
        rate_per_second = ${ratePerSecond}::float8, eta_seconds = ${etaSeconds}::float8,
        share = greatest(share, ${share})
      FROM locked
      WHERE step.run_id = locked.id AND step.id = ${stepId} AND step.token = ${token} AND step.state = 'RUNNING'
      RETURNING step.run_id)
    UPDATE run SET seq = seq + 1, state = CASE WHEN state = 'STARTING' THEN 'RUNNING' ELSE state END
    FROM beat WHERE run.id = beat.run_id
    RETURNING run.state, run.seq`;
  return { held: row !== undefined, canceling: row?.state === 'CANCELING', seq: row?.seq };
}
