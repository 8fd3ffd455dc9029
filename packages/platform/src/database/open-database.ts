import type { DatabaseConnection, DatabaseOptions } from './connection.ts';
import { EventEmitter } from 'node:events';
import { Failure } from '@kneepoint/failures';
import { boundClient } from './bound-client.ts';
import type { DatabaseClient } from './client.ts';
import type { Database } from './database.ts';
import { databaseUnavailable, isConflict, isUnavailable } from './database-failure.ts';
import { openPglite } from './open-pglite.ts';
import { openPostgres } from './open-postgres.ts';

const CONFLICT_RETRIES = 5;
const PGLITE = /^pglite:\/\/(\/?[^/].*)$/;
const POSTGRES = /^postgres(?:ql)?:\/\/[^/]/;

/**
 * Opens the database that a URL names and brings it to this version's schema: `pglite://FOLDER`, `pglite://:memory:`,
 * `postgres://USER:PASSWORD@HOST:PORT/NAME`.
 * Throws CONFIG_INVALID, DATABASE_IN_USE, DATABASE_UNAVAILABLE, DATABASE_SCHEMA_MISMATCH.
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const connection = await connect(url, { waitMs: 10_000, connections: 10, statementMs: 0, ...options });
  const { prisma, exclusive } = connection;
  const outbox = new EventEmitter().setMaxListeners(0);
  try {
    const openedAt = await databaseTime(prisma);
    const projects = new Map<string, Database>();
    const over = (client: DatabaseClient, boundTo?: string): Database => ({
      prisma: client,
      exclusive,
      projectId: boundTo,
      openedAt,
      forProject(projectId) {
        const known = projects.get(projectId) ?? over(boundClient(prisma, projectId), projectId);
        projects.set(projectId, known);
        return known;
      },
      async transaction(work) {
        for (let retry = 0; ; retry++) {
          try {
            return await client.$transaction(work);
          } catch (error) {
            if (retry >= CONFLICT_RETRIES || !isConflict(error)) throw error;
          }
        }
      },
      onOutbox(listener) {
        outbox.on('row', listener);
        return () => outbox.off('row', listener);
      },
      wakeOutbox: () => void outbox.emit('row'),
      announce: (address) => connection.announce(address),
      async health() {
        try {
          await client.$queryRaw`SELECT 1`;
        } catch (error) {
          throw isUnavailable(error) ? databaseUnavailable(error, connection.where) : error;
        }
      },
      close: () => connection.close(),
    });
    return over(prisma);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connect(url: string, options: Required<DatabaseOptions>): Promise<DatabaseConnection> {
  const folder = PGLITE.exec(url)?.[1];
  if (folder !== undefined) return openPglite(folder);
  if (POSTGRES.test(url) && URL.canParse(url)) return openPostgres(url, options);
  throw new Failure('CONFIG_INVALID', 'DATABASE_URL names no known database', {
    where: 'DATABASE_URL',
    fix: 'use pglite://FOLDER or postgres://USER:PASSWORD@HOST:PORT/NAME',
  });
}

async function databaseTime(prisma: DatabaseClient): Promise<Date> {
  const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  return row!.now;
}
