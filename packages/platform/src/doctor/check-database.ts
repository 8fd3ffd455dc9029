import { access } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { openDatabase } from '../database/open-database.ts';
import { inspectPostgres, type PostgresState } from '../database/open-postgres.ts';
import { type Check, notTried, ok } from './finding.ts';

const WAIT_MS = 3_000;
/** Times are written by the database; this machine's clock counts in signed addresses, which S3 refuses at 15 minutes. */
const SKEW_WARNING_MS = 5_000;
const SKEW_WRONG_MS = 60_000;

/** The database and this machine's clock beside its own; nothing in it is changed. */
export function databaseChecks(url: string): Readonly<Record<string, Check>> {
  if (url.startsWith('pglite:')) return { database: () => checkPglite(url.slice('pglite://'.length)) };
  let asked: Promise<PostgresState> | undefined;
  const state = () => (asked ??= inspectPostgres(url, WAIT_MS));
  return {
    database: async () => describe(await state()),
    clock: () =>
      state().then(
        ({ clockAheadMs }) => checkClock(clockAheadMs),
        () => notTried('the database does not answer'),
      ),
  };
}

function describe({ version, pending }: PostgresState): ReturnType<typeof ok> {
  if (pending === undefined) return ok(`PostgreSQL ${version}, still empty; the next start fills it`);
  if (pending.length === 0) return ok(`PostgreSQL ${version}, schema of this version`);
  return {
    state: 'warning',
    detail: `PostgreSQL ${version} lacks ${pending.join(', ')}`,
    fix: 'run `kneepoint migrate`, or start a service, which does the same',
  };
}

export function checkClock(aheadMs: number): ReturnType<typeof ok> {
  const apart = Math.abs(aheadMs);
  const detail = `${(apart / 1000).toFixed(1)} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the database`;
  if (apart < SKEW_WARNING_MS) return ok(detail);
  const state = apart < SKEW_WRONG_MS ? 'warning' : 'wrong';
  return { state, detail, fix: 'let NTP (chrony, systemd-timesyncd) set the clock of this machine' };
}

async function checkPglite(folder: string): ReturnType<Check> {
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (!exists) return ok(`embedded; ${folder} is made at the first start`);
  try {
    const db = await openDatabase(`pglite://${folder}`);
    await db.close();
    return ok(`embedded in ${folder}, schema of this version`);
  } catch (error) {
    // In use by a server of this data folder: that is how it should be.
    if (error instanceof Failure && error.code === 'DATABASE_IN_USE') return ok(`embedded; ${error.message}`);
    throw error;
  }
}
