import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { createClient } from './client.ts';
import { databaseUnavailable, isUnavailable } from './database-failure.ts';
import { applyMigrations, pendingMigrations } from './migrations.ts';
import type { DatabaseConnection, DatabaseOptions } from './connection.ts';

/** The lock that Prisma's own migrate command takes, so that the two never work at once. */
const MIGRATION_LOCK = 72707369;
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * How long a transaction may wait for its client: a process that froze, or lost its network, in the middle of one would keep its locks,
 * and nobody could take over its steps. Shorter than a lease.
 */
const IDLE_IN_TRANSACTION_MS = 10_000;

const SESSION = `-c TimeZone=UTC -c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`;

/** A Postgres server. Waits for one that is still starting; throws DATABASE_UNAVAILABLE after `waitMs`. */
export async function openPostgres(url: string, options: Required<DatabaseOptions>): Promise<DatabaseConnection> {
  const where = withoutSecrets(url);
  // The adapter writes and reads times without their offset.
  const config: pg.PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: SESSION,
    application_name: 'kneepoint',
    keepAlive: true,
  };
  await migrate(config, where, options.waitMs);
  const { connections: max, statementMs } = options;
  const bounded = { ...config, max, options: `${SESSION} -c statement_timeout=${statementMs}` };
  const prisma = createClient(new PrismaPg(bounded));
  return { prisma, exclusive: false, where, announce: () => Promise.resolve(), close: () => prisma.$disconnect() };
}

/** What a server says of itself and of Kneepoint's schema. */
export interface PostgresState {
  readonly version: string;
  /** Migrations that the next start will apply; undefined when the database is still empty. */
  readonly pending: readonly string[] | undefined;
  /** Milliseconds by which the server's clock is ahead of this machine's, half a round trip taken off. */
  readonly clockAheadMs: number;
}

/** Looks at a server and changes nothing. Throws DATABASE_UNAVAILABLE, DATABASE_SCHEMA_MISMATCH. */
export async function inspectPostgres(url: string, waitMs: number): Promise<PostgresState> {
  const where = withoutSecrets(url);
  const config = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'kneepoint' };
  const client = await connect(config, where, performance.now() + waitMs);
  const query = async (sql: string, parameters: readonly unknown[] = []) =>
    (await client.query<Record<string, unknown>>(sql, [...parameters])).rows;
  try {
    const sent = Date.now();
    const [row] = await query(
      `SELECT current_setting('server_version') AS version, to_regclass('_prisma_migrations') IS NOT NULL AS known,
        extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`,
    );
    const middle = (sent + Date.now()) / 2;
    const pending =
      row!.known === true ? await pendingMigrations({ query, script: () => Promise.resolve() }) : undefined;
    return {
      version: String(row!.version),
      pending: pending?.map(({ name }) => name),
      clockAheadMs: Number(row!.now) - middle,
    };
  } finally {
    await client.end();
  }
}

async function migrate(config: pg.ClientConfig, where: string, waitMs: number): Promise<void> {
  const client = await connect(config, where, performance.now() + waitMs);
  try {
    // A session lock: it goes with the connection, so a process that dies here locks nobody out.
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await applyMigrations({
      query: async (sql, parameters) =>
        (await client.query<Record<string, unknown>>(sql, [...(parameters ?? [])])).rows,
      script: async (sql) => {
        await client.query(sql);
      },
    });
  } catch (error) {
    throw isUnavailable(error) ? databaseUnavailable(error, where) : error;
  } finally {
    await client.end();
  }
}

async function connect(config: pg.ClientConfig, where: string, deadline: number): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client(config);
    // Without a listener a connection that breaks while idle would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!isUnavailable(error) || performance.now() > deadline) throw databaseUnavailable(error, where);
      await sleep(250);
    }
  }
}

function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
