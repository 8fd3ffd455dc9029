import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { createClient } from './client.ts';
import { databaseUnavailable, isUnavailable } from './database-failure.ts';
import { applyMigrations } from './migrations.ts';
import type { DatabaseConnection, DatabaseOptions } from './open-database.ts';

/** The lock that Prisma's own migrate command takes, so that the two never work at once. */
const MIGRATION_LOCK = 72707369;
const CONNECT_TIMEOUT_MS = 5_000;

/** A Postgres server. Waits for one that is still starting; throws DATABASE_UNAVAILABLE after `waitMs`. */
export async function openPostgres(url: string, options: Required<DatabaseOptions>): Promise<DatabaseConnection> {
  const where = withoutSecrets(url);
  // The adapter writes and reads times without their offset.
  const config: pg.PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: '-c TimeZone=UTC',
    application_name: 'kneepoint',
    keepAlive: true,
  };
  await migrate(config, where, options.waitMs);
  const prisma = createClient(new PrismaPg({ ...config, max: options.connections }));
  return { prisma, exclusive: false, where, announce: () => Promise.resolve(), close: () => prisma.$disconnect() };
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
