import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  available,
  freePort,
  type RunningService,
  startMinio,
  startNats,
  startPostgres,
} from '../../../../test/support/services.ts';
import { openBus } from '../bus/open-bus.ts';
import { readConfig } from '../config/read-config.ts';
import { openDatabase } from '../database/open-database.ts';
import { checkClock } from './check-database.ts';
import { checkMemory, checkNode } from './check-machine.ts';
import { diagnose } from './diagnose.ts';
import type { Finding } from './finding.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'kneepoint-doctor-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function findings(environment: Record<string, string>): Promise<Record<string, Finding>> {
  const found = await diagnose(readConfig({ KNEEPOINT_DATA_DIR: join(folder, 'data'), ...environment }));
  return Object.fromEntries(found.map((finding) => [finding.name, finding]));
}

const statesOf = (found: Record<string, Finding>) =>
  Object.fromEntries(Object.entries(found).map(([name, { state }]) => [name, state]));

it('finds the embedded mode well, before its first start and while a server has its database', async () => {
  const well = { node: 'ok', database: 'ok', bus: 'ok', artifacts: 'ok', memory: 'ok', disk: 'ok' };
  const settings = { KNEEPOINT_MEMORY_MB: '256' };
  expect(statesOf(await findings(settings))).toEqual(well);
  const db = await openDatabase(`pglite://${join(folder, 'data', 'database')}`);
  const busy = await findings(settings);
  await db.close();
  expect(statesOf(busy)).toEqual(well);
  expect(busy.database!.detail).toContain(String(process.pid));
});

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('on real servers', () => {
  const servers: RunningService[] = [];
  let nats: RunningService;
  let postgres: RunningService;
  let minio: RunningService;
  let environment: Record<string, string>;

  beforeAll(async () => {
    [nats, postgres, minio] = await Promise.all([startNats(), startPostgres(), startMinio()]);
    servers.push(nats, postgres, minio);
    environment = { DATABASE_URL: postgres.url, BUS_URL: nats.url, ARTIFACTS_URL: minio.url };
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('says what the first start will make, and that all is well afterwards', async () => {
    const fresh = await findings(environment);
    expect(fresh.database!.detail).toContain('still empty');
    expect(fresh.bus!.detail).toContain('the next start makes the streams');
    await (await openDatabase(postgres.url)).close();
    await (await openBus(nats.url)).close();
    const started = await findings(environment);
    expect(Object.values(started).filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(Object.keys(started).sort()).toEqual(
      ['artifacts', 'bus', 'clock', 'database', 'disk', 'downloads', 'memory', 'node'].sort(),
    );
    expect(started.database!.detail).toContain('schema of this version');
  });

  it('names a migration that is missing, and one that this version does not know', async () => {
    const db = await openDatabase(postgres.url);
    const rename = (from: string, to: string) =>
      db.prisma.$executeRaw`UPDATE _prisma_migrations SET migration_name = ${to} WHERE migration_name = ${from}`;
    await db.prisma
      .$executeRaw`CREATE TABLE kept AS SELECT * FROM _prisma_migrations WHERE migration_name = '0003_trace'`;
    await db.prisma.$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name = '0003_trace'`;
    const behind = (await findings(environment)).database!;
    expect([behind.state, behind.detail]).toEqual(['warning', expect.stringContaining('lacks 0003_trace') as string]);
    await db.prisma.$executeRaw`INSERT INTO _prisma_migrations SELECT * FROM kept`;
    await rename('0003_trace', '9999_later');
    expect((await findings(environment)).database).toMatchObject({ state: 'wrong', code: 'DATABASE_SCHEMA_MISMATCH' });
    await rename('9999_later', '0003_trace');
    await db.close();
  });

  it('finds a public address that leads nowhere, and wrong keys', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const found = await findings({ ...environment, ARTIFACTS_PUBLIC_URL: nowhere });
    expect(found.artifacts!.state).toBe('ok');
    expect(found.downloads).toMatchObject({ state: 'wrong', code: 'STORE_UNAVAILABLE' });
    expect(found.downloads!.detail).toContain(nowhere);
    expect(found.downloads!.fix).toContain('ARTIFACTS_PUBLIC_URL');
    const locked = await findings({ ...environment, ARTIFACTS_URL: minio.url.replace('-secret@', '-wrong@') });
    expect(locked.artifacts).toMatchObject({ state: 'wrong', code: 'STORE_MISCONFIGURED' });
    expect(JSON.stringify(locked)).not.toContain('kneepoint-wrong');
    expect(locked.downloads!.state).toBe('warning');
  });

  it('finds a stream that cannot carry jobs, and servers that do not answer', async () => {
    const connection = await connect({ servers: `127.0.0.1:${nats.port}` });
    const manager = await jetstreamManager(connection);
    await manager.streams.delete('kneepoint-jobs');
    await manager.streams.add({ name: 'kneepoint-jobs', subjects: ['kneepoint.jobs.*'] });
    await connection.close();
    expect((await findings(environment)).bus).toMatchObject({ state: 'wrong', code: 'BUS_MISCONFIGURED' });
    const port = await freePort();
    const away = await findings({
      ...environment,
      DATABASE_URL: `postgres://nobody:secret@127.0.0.1:${port}/x`,
      BUS_URL: `nats://nobody:secret@127.0.0.1:${port}`,
    });
    expect([away.database!.code, away.bus!.code]).toEqual(['DATABASE_UNAVAILABLE', 'BUS_UNAVAILABLE']);
    expect(away.clock!.state).toBe('warning');
    expect(JSON.stringify(away)).not.toContain('secret');
  });
});

describe('judges', () => {
  it.each([
    [200, 'ok', '0.2 s behind the database'],
    [-6_000, 'warning', '6.0 s ahead of the database'],
    [90_000, 'wrong', '90.0 s behind the database'],
  ])('a database clock %i ms ahead as %s', (ahead, state, detail) => {
    expect(checkClock(ahead)).toMatchObject({ state, detail });
  });

  it('child processes that may use more memory than there is', async () => {
    const machine = { total: 2 ** 32, free: 2 ** 31 };
    expect((await checkMemory({ memoryMb: 4_096, concurrency: 1 }, machine)).state).toBe('ok');
    expect((await checkMemory({ memoryMb: 4_096, concurrency: 2 }, machine)).state).toBe('warning');
  });

  it('a Node that is too old', async () => {
    const states = await Promise.all(['20.18.3', '20.19.0', '22.0.0'].map(async (v) => (await checkNode(v)).state));
    expect(states).toEqual(['wrong', 'ok', 'ok']);
  });
});
