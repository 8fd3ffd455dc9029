import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../support/available.ts';
import { Kneepoint } from '../support/kneepoint.ts';
import { type RunningService, startMinio, startNats, startPostgres } from '../support/services.ts';

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('kneepoint migrate', () => {
  let folder: string;
  let servers: { nats: RunningService; postgres: RunningService; minio: RunningService };
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-migrate-'));
    const [nats, postgres, minio] = await Promise.all([startNats(), startPostgres(), startMinio()]);
    servers = { nats, postgres, minio };
    env = {
      DATABASE_URL: postgres.url,
      BUS_URL: nats.url,
      ARTIFACTS_URL: minio.url,
      KNEEPOINT_DATA_DIR: folder,
      LOG_LEVEL: 'info',
    };
  });

  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  const migrate = (wait: number, other: Record<string, string> = {}) =>
    new Kneepoint(['migrate', '--wait', String(wait)], { env: { ...env, ...other } });

  it('waits for servers that are still starting, and any number may run at once', async () => {
    await servers.postgres.signal('SIGINT');
    const both = [migrate(120), migrate(120)];
    await sleep(3_000);
    for (const process of both) expect(process.child.exitCode).toBeNull();
    await servers.postgres.start();
    for (const { code, stderr } of await Promise.all(both.map((process) => process.finished()))) {
      expect(stderr).toBe('database is at this version\njob queue is there\nbucket is there\n');
      expect(code).toBe(0);
    }
  });

  it('names what did not answer in time', async () => {
    const { code, stderr } = await migrate(1, { BUS_URL: 'nats://127.0.0.1:1' }).finished();
    expect(stderr).toMatch(/^database is at this version\nerror BUS_UNAVAILABLE: .*\n {3}at 127\.0\.0\.1:1\n/);
    expect(code).toBe(1);
  });

  it('does not wait for what time does not cure', async () => {
    const begun = performance.now();
    const { code, stderr } = await migrate(600, { ARTIFACTS_URL: 's3://127.0.0.1:9/kneepoint' }).finished();
    expect(stderr).toContain('error CONFIG_INVALID: ARTIFACTS_URL cannot be used: it has no access and secret key');
    expect([code, performance.now() - begun < 120_000]).toEqual([1, true]);
  });

  it('leaves what a gateway needs, which ends with 0 when it is told to', async () => {
    const gateway = new Kneepoint(['gateway', '--port', '0'], { env });
    await gateway.says(/gateway is ready/);
    expect(await gateway.stop()).toMatchObject({ code: 0, signal: null });
  });
});
