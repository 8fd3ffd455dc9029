import type { Database } from '../database/database.ts';
import { Prisma } from '../database/generated/client.ts';

/** What a collection lets go: runs that ended, checkpoints of work that nobody waits for, and names that were removed, before a time. */
export interface Limits {
  /** Lines of the audit log that are older. */
  readonly auditBefore: Date;
  readonly checkpointsBefore: Date;
  /** Removed models and data sets that no kept run refers to. */
  readonly removedBefore: Date;
  /** Events whose deliveries have all ended before. */
  readonly eventsBefore: Date;
  /** Absent: every run is kept. */
  readonly runsBefore?: Date;
}

export interface Expired {
  readonly runs: number;
  readonly checkpoints: number;
  /** Models and data sets whose name was removed. */
  readonly removed: number;
  /** What was sent to webhooks, or given up. */
  readonly events: number;
  /** Lines of the audit log. */
  readonly audit: number;
}

/**
 * What an import made is kept by the model or data set that it registered, as long as that has a name: the import itself, and its
 * result, whose key is unique and is never found again, keep nothing. Neither is what was uploaded for one needed once it succeeded.
 */
const IMPORT_RUNS = ['IMPORT_MODEL', 'IMPORT_DATASET'];
const IMPORT_STEPS = ['import-model', 'import-dataset'];

/** Before the Unix epoch nothing has ended. */
const NEVER = new Date(0);

/** The ids of events that nobody waits for. */
const toldEvents = ({ eventsBefore }: Limits): Prisma.Sql => Prisma.sql`
  SELECT id FROM event WHERE created_at < ${eventsBefore} AND NOT EXISTS (
    SELECT 1 FROM delivery WHERE delivery.event_id = event.id AND (ended_at IS NULL OR ended_at >= ${eventsBefore}))`;

/** The ids of removed rows that go, of the tables model and dataset. */
const removedRows = ({ removedBefore, runsBefore = NEVER }: Limits): Prisma.Sql => Prisma.sql`
  SELECT id FROM model WHERE removed_at < ${removedBefore} AND NOT EXISTS (
    SELECT 1 FROM run WHERE run.model_id = model.id AND (ended_at IS NULL OR ended_at >= ${runsBefore})
      AND NOT (kind IN (${Prisma.join(IMPORT_RUNS)}) AND state = 'SUCCEEDED'))
  UNION ALL SELECT id FROM dataset WHERE removed_at < ${removedBefore} AND NOT EXISTS (
    SELECT 1 FROM run WHERE run.dataset_id = dataset.id AND (ended_at IS NULL OR ended_at >= ${runsBefore})
      AND NOT (kind IN (${Prisma.join(IMPORT_RUNS)}) AND state = 'SUCCEEDED'))`;

/** Digests that rows refer to, each with the projects whose rows those are. */
export type References = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Every sha256 that a row which stays refers to. Conservative: whatever looks like one anywhere in the inputs and outputs of runs,
 * steps and results counts, so a content key keeps an artifact alive that nobody means, and never the other way round.
 */
export async function referenced(db: Database, limits: Limits): Promise<References> {
  const { checkpointsBefore, runsBefore = NEVER } = limits;
  const rows = await db.prisma.$queryRaw<{ project: string; sha256: string }[]>`
    WITH kept AS (
      SELECT * FROM run WHERE (ended_at IS NULL OR ended_at >= ${runsBefore})
        AND NOT (kind IN (${Prisma.join(IMPORT_RUNS)}) AND state = 'SUCCEEDED')),
    results AS (SELECT * FROM result WHERE kind NOT IN (${Prisma.join(IMPORT_STEPS)})),
    texts AS (
      SELECT project_id, input::text AS content FROM kept
      UNION ALL SELECT kept.project_id, concat(step.input::text, step.output::text) FROM step JOIN kept ON kept.id = step.run_id
      UNION ALL SELECT project_id, output::text FROM results),
    gone AS (${removedRows(limits)}),
    models AS (SELECT * FROM model WHERE id NOT IN (SELECT id FROM gone)),
    datasets AS (SELECT * FROM dataset WHERE id NOT IN (SELECT id FROM gone))
    SELECT DISTINCT project_id AS project, found[1] AS sha256 FROM texts, regexp_matches(content, '"([0-9a-f]{64})"', 'g') AS found
    UNION SELECT project_id, unnest(artifacts) FROM results
    UNION SELECT project_id, report_sha256 FROM kept WHERE report_sha256 IS NOT NULL
    UNION SELECT project_id, sha256 FROM models UNION SELECT project_id, skeleton_sha256 FROM models
    UNION SELECT project_id, sha256 FROM datasets UNION SELECT project_id, manifest_sha256 FROM datasets
    UNION SELECT project_id, sha256 FROM checkpoint c WHERE c.updated_at >= ${checkpointsBefore} OR EXISTS (
      SELECT 1 FROM step WHERE step.project_id = c.project_id AND step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))`;
  const references = new Map<string, Set<string>>();
  for (const { project, sha256 } of rows) {
    const projects = references.get(sha256) ?? new Set();
    references.set(sha256, projects.add(project));
  }
  return references;
}

/** How many rows those limits let go. */
export async function countExpired(db: Database, limits: Limits): Promise<Expired> {
  const { checkpointsBefore, runsBefore = NEVER } = limits;
  const [row] = await db.prisma.$queryRaw<[Expired]>`
    SELECT (SELECT count(*)::int FROM run WHERE ended_at < ${runsBefore}) AS runs,
      (SELECT count(*)::int FROM (${removedRows(limits)}) AS gone) AS removed,
      (SELECT count(*)::int FROM (${toldEvents(limits)}) AS told) AS events,
      (SELECT count(*)::int FROM audit WHERE created_at < ${limits.auditBefore}) AS audit,
      (SELECT count(*)::int FROM checkpoint c WHERE c.updated_at < ${checkpointsBefore} AND NOT EXISTS (
        SELECT 1 FROM step WHERE step.project_id = c.project_id AND step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))) AS checkpoints`;
  return row;
}

/** Deletes those rows. Results stay: they are the answers, and what they refer to stays with them. */
export async function deleteExpired(db: Database, limits: Limits): Promise<void> {
  const { checkpointsBefore, runsBefore } = limits;
  await db.prisma.$executeRaw`
    DELETE FROM checkpoint c WHERE c.updated_at < ${checkpointsBefore} AND NOT EXISTS (
      SELECT 1 FROM step WHERE step.project_id = c.project_id AND step.key = c.key AND step.state IN ('WAITING', 'QUEUED', 'RUNNING'))`;
  if (runsBefore !== undefined) await db.prisma.$executeRaw`DELETE FROM run WHERE ended_at < ${runsBefore}`;
  await db.prisma.$executeRaw`DELETE FROM audit WHERE created_at < ${limits.auditBefore}`;
  await db.prisma.$executeRaw`DELETE FROM event WHERE id IN (${toldEvents(limits)})`;
  await db.prisma.$executeRaw`DELETE FROM model WHERE id IN (${removedRows(limits)})`;
  await db.prisma.$executeRaw`DELETE FROM dataset WHERE id IN (${removedRows(limits)})`;
}
