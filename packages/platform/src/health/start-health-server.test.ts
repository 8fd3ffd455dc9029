import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../log/create-logger.ts';
import { ENGINES, gate, plan, World } from '../work/contract/world.ts';
import { launchRun } from '../work/launch-run.ts';
import { type HealthServer, startHealthServer } from './start-health-server.ts';
import { dependencyChecks, workerChecks } from './worker-checks.ts';

const world = new World();
let server: HealthServer;
let stop: () => Promise<void>;
const finish = gate();
const lines: string[] = [];

beforeAll(async () => {
  await world.open(ENGINES[0]!.start);
  await world.renew();
  world.dispatch();
  const work = async () => (await finish.promise, { output: {} });
  const worker = await world.worker({ service: 'healthy', handlers: { work }, leaseSeconds: 1 });
  stop = () => worker.stop({ graceMs: 5_000 });
  server = await startHealthServer({
    ...{ host: '127.0.0.1', port: 0, checks: workerChecks(world, worker), dependencies: dependencyChecks(world) },
    log: createLogger({
      service: 'healthy',
      level: 'info',
      destination: { write: (line: string) => void lines.push(line) },
    }),
  });
});
afterAll(async () => {
  await server.close();
  await world.close();
});

const get = async (path: string) => {
  const response = await fetch(server.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, string> };
};

it('says that it lives, that it is ready, and nothing else', async () => {
  expect(await get('/healthz')).toEqual({ status: 200, body: { status: 'ok' } });
  const ready = { status: 'ready', database: 'ok', heartbeat: 'ok' };
  expect(await get('/readyz')).toEqual({ status: 200, body: ready });
  expect((await get('/graphql')).status).toBe(404);
});

it('gives Prometheus the metrics of the process', async () => {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  expect(text).toMatch(/kneepoint_heartbeat_age_seconds\{service="healthy"\} 0\n/);
  for (const name of ['database', 'bus', 'artifacts']) {
    expect(text).toContain(`kneepoint_dependency_up{dependency="${name}"} 1`);
  }
});

it('is not ready while a lease cannot be extended, and says since when', async () => {
  const run = await launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan('healthy')] });
  await world.until(
    () => world.step(run.id),
    ({ state }) => state === 'RUNNING',
  );
  const queryRaw: unknown = Reflect.get(world.db.prisma, '$queryRaw');
  Object.defineProperty(world.db.prisma, '$queryRaw', {
    configurable: true,
    value: () => Promise.reject(new Error('the database is at 10.0.0.7 and away')),
  });
  try {
    const report = await world.until(
      () => get('/readyz'),
      ({ body }) => body.heartbeat !== 'ok',
    );
    expect(report.status).toBe(503);
    expect(report.body.heartbeat).toMatch(/^no heartbeat for \d+ s$/);
    // Whoever asks learns that, and the log why.
    expect(report.body.database).toBe('does not answer');
    expect(lines.join('')).toContain('the database is at 10.0.0.7');
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
      'kneepoint_dependency_up{dependency="database"} 0',
    );
  } finally {
    Object.defineProperty(world.db.prisma, '$queryRaw', { configurable: true, value: queryRaw });
  }
  finish.open();
  await world.ended(run.id);
  expect((await get('/readyz')).status).toBe(200);
});

it('is not ready any more once the worker stops', async () => {
  await stop();
  expect((await get('/readyz')).body.heartbeat).toBe('the worker is stopping');
});

it('refuses a port that is taken, by the name of its setting', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const taken = startHealthServer({
    host: '127.0.0.1',
    port,
    checks: {},
    log: createLogger({ service: 'x', level: 'silent' }),
  });
  await expect(taken).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'HEALTH_PORT' });
  other.close();
});
