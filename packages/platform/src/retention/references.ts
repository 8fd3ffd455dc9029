import type { Database } from '../database/database.ts';

/** What a collection lets go: runs that ended, and checkpoints of work that nobody waits for, before a time. */
export interface Limits {
  readonly checkpointsBefore: Date;
  /** Absent: every run is kept. */
  readonly runsBefore?: Date;
}

/**
 * Every sha256 that a row which stays refers to. Conservative: whatever looks like one anywhere in the inputs and outputs of runs,
 * steps and results counts, so a content key keeps an artifact alive that nobody means, and never the other way round.
 */
export async function referenced(db: Database, { checkpointsBefore, runsBefore }: Limits): Promise<Set<string>> {
  // Before the Unix epoch nothing has ended.
  const ended = runsBefore ?? new Date(0);
  const rows = await db.prisma.$queryRaw<{ sha256: string }[]>`
    WITH kept AS (SELECT * FROM run WHERE ended_at IS NULL OR ended_at >= ${ended}),
    texts AS (
      SELECT input::text AS content FROM kept
      UNION ALL SELECT concat(step.input::text, step.output::text) FROM step JOIN kept ON kept.id = step.run_id
      UNION ALL SELECT output::text FROM result)
    SELECT DISTINCT found[1] AS sha256 FROM texts, regexp_matches(content, '"([0-9a-f]{64})"', 'g') AS found
    UNION SELECT unnest(artifacts) FROM result
    UNION SELECT sha256 FROM model UNION SELECT skeleton_sha256 FROM model
    UNION SELECT sha256 FROM dataset UNION SELECT manifest_sha256 FROM dataset
    UNION SELECT sha256 FROM checkpoint c WHERE c.updated_at >= ${checkpointsBefore} OR EXISTS (
      SELECT 1 FROM step WHERE step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))`;
  return new Set(rows.map(({ sha256 }) => sha256));
}

/** How many rows those limits let go. */
export async function countExpired(
  db: Database,
  { checkpointsBefore, runsBefore = new Date(0) }: Limits,
): Promise<{ runs: number; checkpoints: number }> {
  const [row] = await db.prisma.$queryRaw<[{ runs: number; checkpoints: number }]>`
    SELECT (SELECT count(*)::int FROM run WHERE ended_at < ${runsBefore}) AS runs,
      (SELECT count(*)::int FROM checkpoint c WHERE c.updated_at < ${checkpointsBefore} AND NOT EXISTS (
        SELECT 1 FROM step WHERE step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))) AS checkpoints`;
  return row;
}

/** Deletes those rows. Results stay: they are the answers, and what they refer to stays with them. */
export async function deleteExpired(db: Database, { checkpointsBefore, runsBefore }: Limits): Promise<void> {
  await db.prisma.$executeRaw`
    DELETE FROM checkpoint c WHERE c.updated_at < ${checkpointsBefore} AND NOT EXISTS (
      SELECT 1 FROM step WHERE step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))`;
  if (runsBefore !== undefined) await db.prisma.$executeRaw`DELETE FROM run WHERE ended_at < ${runsBefore}`;
}
