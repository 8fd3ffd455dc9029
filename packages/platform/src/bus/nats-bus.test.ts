import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Svcm } from '@nats-io/services';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeCertificate } from '../../../../test/support/certificate.ts';
import { available, freePort, type RunningService, startNats } from '../../../../test/support/services.ts';
import type { Bus, Job } from './bus.ts';
import { NatsBus } from './nats-bus.ts';
import { openBus } from './open-bus.ts';
import { VERSION } from '../version.ts';

async function collectAll<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Milliseconds within which whatever is waited for must have happened: a disk shared with others takes seconds. */
const SOON = 30_000;

const SETTINGS = { ackWaitMs: 1_500, retryDelaysMs: [50] };

describe.skipIf(!available('nats-server'))('NatsBus and its server', () => {
  const servers: RunningService[] = [];
  const buses: Bus[] = [];
  const serve = async (...options: Parameters<typeof startNats>): Promise<RunningService> => {
    const server = await startNats(...options);
    servers.push(server);
    return server;
  };
  const open = async (url: string): Promise<Bus> => {
    const bus = await openBus(url, SETTINGS);
    buses.push(bus);
    return bus;
  };
  const collect = async (bus: Bus): Promise<Job[]> => {
    const seen: Job[] = [];
    await bus.consume('extractor', (job) => Promise.resolve(void seen.push(job)), { concurrency: 2 });
    return seen;
  };
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  test('a job survives a crash of the server before it is delivered', async () => {
    const server = await serve();
    const bus = await open(server.url);
    await bus.publish('jobs.extractor', 'kept', { id: 'kept' });
    await server.signal('SIGKILL');
    await server.start();
    const seen = await vi.waitFor(() => collect(bus), SOON);
    await vi.waitFor(() => expect(seen.map((job) => job.message)).toEqual(['kept']), SOON);
  });

  test('a consumer goes on by itself after the server was restarted', async () => {
    const server = await serve();
    const bus = await open(server.url);
    const seen = await collect(bus);
    await bus.publish('jobs.extractor', 1, { id: '1' });
    await vi.waitFor(() => expect(seen).toHaveLength(1), SOON);
    await server.signal('SIGTERM');
    await expect(bus.health()).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    await server.start();
    await vi.waitFor(() => bus.health(), SOON);
    await bus.publish('jobs.extractor', 2, { id: '2' });
    await vi.waitFor(() => expect(seen.map((job) => job.message)).toEqual([1, 2]), SOON);
  });

  test('a user who may do no more than the manual says can do all that is needed, and no more', async () => {
    const manual = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
    const accounts = /```conf\n([\s\S]*?)```/.exec(manual)![1]!;
    const server = await serve({ user: 'kneepoint', password: 'change-me', configuration: accounts });
    const denied: unknown[] = [];
    const bus = await open(server.url);
    const service = { service: 'extractor', description: 'of a test', status: () => ({ fine: true }) };
    await bus.register(service);
    const told: unknown[] = [];
    await bus.subscribe('events.run.*', (payload) => told.push(payload));
    bus.broadcast('events.run.1', { seq: 1 });
    const seen = await collect(bus);
    await bus.publish('jobs.extractor', 'a job', { id: 'one' });
    await vi.waitFor(() => expect(seen.map((job) => job.message)).toEqual(['a job']), SOON);
    await vi.waitFor(() => expect(told).toEqual([{ seq: 1 }]), SOON);
    const given: unknown[] = [];
    await bus.publish('jobs.pruner', 'never done', { id: 'two' });
    await bus.consume('pruner', () => Promise.reject(new Error('never')), { concurrency: 1 });
    await bus.consumeDead((dead) => Promise.resolve(void given.push(dead)));
    await vi.waitFor(() => expect(given).toHaveLength(1), SOON);

    const login = { servers: `127.0.0.1:${server.port}`, user: 'kneepoint', pass: 'change-me' };
    const other = await connect(login);
    void (async () => {
      for await (const { type, ...event } of other.status()) if (type === 'error') denied.push(event);
    })();
    other.publish('billing.invoices', 'x');
    other.subscribe('>');
    await vi.waitFor(() => expect(denied).toHaveLength(2), SOON);
    const manager = await jetstreamManager(other);
    await expect(manager.streams.add({ name: 'billing', subjects: ['kneepoint.billing'] })).rejects.toThrow();
    await other.close();
  });

  test('a job done while the server was away is acknowledged when it is back', async () => {
    const server = await serve();
    const bus = await NatsBus.open(server.url, { ackWaitMs: 60_000 });
    buses.push(bus);
    let done = false;
    const handler = async (): Promise<void> => {
      await server.signal('SIGTERM');
      // what is sent before the client notices is lost, and the job comes again
      await vi.waitFor(() => expect(bus.health()).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' }), SOON);
      done = true;
    };
    await bus.consume('extractor', handler, { concurrency: 1 });
    await bus.publish('jobs.extractor', {}, { id: 'x' });
    await vi.waitFor(() => expect(done).toBe(true), SOON);
    await server.start();
    const connection = await connect({ servers: `127.0.0.1:${server.port}` });
    // a server on a slow disk takes seconds to read its streams again; a job that came anew would take 60
    const manager = await jetstreamManager(connection, { timeout: 30_000 });
    const waiting = async (): Promise<number> => (await manager.streams.info('kneepoint-jobs')).state.messages;
    await expect.poll(waiting, { timeout: SOON }).toBe(0);
    await connection.close();
  });

  test('stream and consumer are made anew when the storage was wiped', async () => {
    const server = await serve();
    const bus = await open(server.url);
    const seen = await collect(bus);
    await server.wipe();
    await server.start();
    await vi.waitFor(() => bus.publish('jobs.extractor', 'new', { id: 'new' }), SOON);
    await vi.waitFor(() => expect(seen.map((job) => job.message)).toEqual(['new']), SOON);
  });

  test('the job of a process that was killed is delivered to another', async () => {
    const server = await serve();
    const killed = await NatsBus.open(server.url, SETTINGS);
    let taken = false;
    const hang = (): Promise<void> => {
      taken = true;
      return new Promise(() => undefined);
    };
    await killed.consume('extractor', hang, { concurrency: 1 });
    const bus = await open(server.url);
    await bus.publish('jobs.extractor', 'work', { id: 'x' });
    await vi.waitFor(() => expect(taken).toBe(true), SOON);
    const seen = await collect(bus);
    await vi.waitFor(() => expect(seen.map((job) => [job.message, job.deliveries])).toEqual([['work', 2]]), SOON);
  });

  test('a job that is given up leaves the queue and stays on record in the stream of dead letters', async () => {
    const server = await serve();
    const bus = await NatsBus.open(server.url, { maxDeliveries: 1, ackWaitMs: 1_500 });
    buses.push(bus);
    const seen: unknown[] = [];
    await bus.consume('extractor', () => Promise.reject(new Error('never')), { concurrency: 1 });
    await bus.publish('jobs.extractor', 'bad', { id: 'bad' });
    const connection = await connect({ servers: `127.0.0.1:${server.port}` });
    const manager = await jetstreamManager(connection);
    const messages = async (stream: string): Promise<number> => (await manager.streams.info(stream)).state.messages;
    // nobody deals with it yet, and nothing is lost
    await expect.poll(() => messages('kneepoint-dead'), { timeout: 10_000 }).toBe(1);
    expect(await messages('kneepoint-jobs')).toBe(1);
    await bus.consumeDead((letter) => Promise.resolve(void seen.push(letter.job?.message)));
    await expect.poll(() => messages('kneepoint-jobs'), { timeout: 10_000 }).toBe(0);
    expect(seen).toEqual(['bad']);
    expect(await messages('kneepoint-dead')).toBe(1);
    await connection.close();
  });

  test('every process of a service is listed, and answers for itself, until it takes that back', async () => {
    const server = await serve();
    const [first, second] = [await open(server.url), await open(server.url)];
    const notice = (worker: string) => ({ service: 'extractor', description: 'extracts', status: () => ({ worker }) });
    const takeBack = await first.register(notice('one'));
    await second.register(notice('two'));
    const connection = await connect({ servers: `127.0.0.1:${server.port}` });
    const client = new Svcm(connection).client({ maxWait: 400, strategy: 'timer' });
    const listed = async () =>
      (await collectAll(await client.ping('kneepoint-extractor'))).map(({ version }) => version);
    expect(await listed()).toEqual([VERSION, VERSION]);
    const stats = await collectAll(await client.stats('kneepoint-extractor'));
    expect(stats.map(({ endpoints }) => endpoints?.[0]?.data)).toEqual(
      expect.arrayContaining([{ worker: 'one' }, { worker: 'two' }]),
    );
    expect(stats[0]?.endpoints?.[0]?.subject).toBe('kneepoint.svc.extractor.status');
    const answers = await connection.requestMany('kneepoint.svc.extractor.status', '', {
      maxWait: 400,
      strategy: 'timer',
    });
    const workers = (await collectAll(answers)).map((message) => message.json<{ worker: string }>().worker);
    expect(workers.sort()).toEqual(['one', 'two']);
    await takeBack();
    expect(await listed()).toEqual([VERSION]);
    await connection.close();
  });

  test('draining does not wait for a server that is gone', async () => {
    const server = await serve();
    const bus = await open(server.url);
    const consumer = await bus.consume('extractor', () => Promise.resolve(), { concurrency: 2 });
    await server.signal('SIGTERM');
    const started = Date.now();
    await consumer.drain();
    expect(Date.now() - started).toBeLessThan(8_000);
  });

  test('user and password come from the URL, and never into a message', async () => {
    const server = await serve({ user: 'kp', password: 's3cret' });
    await (await open(server.url)).health();
    const wrong = server.url.replace('s3cret', 'other-secret');
    const failure: unknown = await openBus(wrong).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BUS_MISCONFIGURED' });
    expect(JSON.stringify(failure)).not.toMatch(/other-secret|s3cret/);
  });

  test('an encrypted server is trusted by its authority, and by nothing else', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'kneepoint-tls-'));
    context.onTestFinished(() => rmSync(folder, { recursive: true }));
    const tls = makeCertificate(folder);
    const server = await serve({ tls });
    const url = server.url.replace('127.0.0.1', 'localhost');
    const trusting = await NatsBus.open(url, { tls: { caFile: tls.authorityFile } });
    buses.push(trusting);
    await trusting.health();
    await expect(NatsBus.open(url, { tls: {} })).rejects.toMatchObject({ code: 'BUS_MISCONFIGURED' });
  });

  test('a server that never answers is unavailable, a stream with other rules is misconfigured', async () => {
    await expect(NatsBus.open(`nats://127.0.0.1:${await freePort()}`, { connectTimeoutMs: 300 })).rejects.toMatchObject(
      { code: 'BUS_UNAVAILABLE' },
    );

    const server = await serve();
    const connection = await connect({ servers: `127.0.0.1:${server.port}` });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'kneepoint-jobs', subjects: ['kneepoint.jobs.*'] });
    await connection.close();
    await expect(openBus(server.url)).rejects.toMatchObject({ code: 'BUS_MISCONFIGURED', where: 'kneepoint-jobs' });
  });
});

test('a URL that names no known bus is refused', async () => {
  await expect(openBus('amqp://host')).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'BUS_URL' });
  await expect(openBus('nats://a:4222,http://b')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
