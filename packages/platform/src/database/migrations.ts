import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '@kneepoint/failures';

/** One connection that takes plain SQL. */
export interface SqlSession {
  /** Runs one statement with parameters. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Runs a script of statements. */
  script(sql: string): Promise<void>;
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const FOLDER = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

/** The table of Prisma's own command, so that `prisma migrate deploy` and Kneepoint agree on what has been applied. */
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Brings a database to the schema of this version, one transaction for each migration. The caller keeps others out.
 * Throws DATABASE_SCHEMA_MISMATCH when the database has been changed by other migrations than those in the folder.
 */
export async function applyMigrations(session: SqlSession, folder = FOLDER): Promise<readonly string[]> {
  await session.script(BOOKKEEPING);
  const pending = await pendingMigrations(session, folder);
  for (const migration of pending) await apply(session, migration);
  return pending.map(({ name }) => name);
}

/**
 * What a database with bookkeeping lacks of this version's schema; changes nothing. Throws DATABASE_SCHEMA_MISMATCH when it has what
 * this version doesn't.
 */
export async function pendingMigrations(session: SqlSession, folder = FOLDER): Promise<readonly Migration[]> {
  const migrations = await readMigrations(folder);
  const rows = await session.query(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  const applied = new Map(rows.map((row) => [String(row.migration_name), row]));
  for (const name of applied.keys()) {
    if (!migrations.some((migration) => migration.name === name)) throw newerDatabase(name);
  }
  return migrations.filter((migration) => {
    const row = applied.get(migration.name);
    if (row === undefined) return true;
    if (row.finished_at === null) throw unfinished(migration.name);
    if (row.checksum !== migration.checksum) throw changed(migration, String(row.checksum));
    return false;
  });
}

async function apply(session: SqlSession, { name, sql, checksum }: Migration): Promise<void> {
  await session.script('BEGIN');
  try {
    await session.script(sql);
    await session.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await session.script('COMMIT');
  } catch (error) {
    await session.script('ROLLBACK');
    throw error;
  }
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name, 'migration.sql'));
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

function newerDatabase(name: string): Failure {
  return new Failure(
    'DATABASE_SCHEMA_MISMATCH',
    `the database has migration ${name}, which this version does not know`,
    {
      where: name,
      fix: 'use the version of Kneepoint that made this database, or a later one',
    },
  );
}

function changed({ name, checksum }: Migration, found: string): Failure {
  const message = `migration ${name} was applied with checksum ${found.slice(0, 12)}… and is now ${checksum.slice(0, 12)}…`;
  return new Failure('DATABASE_SCHEMA_MISMATCH', message, {
    where: `prisma/migrations/${name}/migration.sql`,
    fix: 'restore the file as it was; put the change into a new migration',
  });
}

function unfinished(name: string): Failure {
  return new Failure('DATABASE_SCHEMA_MISMATCH', `migration ${name} was started by another tool and never finished`, {
    where: name,
    fix: `finish it by hand, then run: prisma migrate resolve --applied ${name}`,
  });
}
