import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, type TestContext, vi } from 'vitest';
import { available, type RunningService, startNats } from '../../../../test/support/services.ts';
import type { Bus, DeadLetter, Job } from './bus.ts';
import { MemoryBus } from './memory-bus.ts';
import { NatsBus } from './nats-bus.ts';
import type { BusSettings, JobErrorEvent } from './settings.ts';

let nats: RunningService | undefined;
const hasNats = available('nats-server');
beforeAll(async () => {
  if (hasNats) nats = await startNats();
});
afterAll(() => nats?.stop());

/** Machines that run tests are busy: promptness is asserted where it is promised, not here. */
const soon = (check: () => void): Promise<void> => vi.waitFor(check, 30_000);

/** For who counts deliveries: on a busy machine a job may be silent for longer than others here let it. */
const PATIENT = { ackWaitMs: 30_000 };

const implementations = [
  { name: 'MemoryBus', here: true, open: (settings: Partial<BusSettings>) => Promise.resolve(new MemoryBus(settings)) },
  {
    name: 'NatsBus',
    here: hasNats,
    open: (settings: Partial<BusSettings>) => NatsBus.open(nats?.url ?? '', { ...settings, namespace: randomUUID() }),
  },
];

describe.concurrent.each(implementations.filter(({ here }) => here))('$name', ({ open }) => {
  const bus = async ({ onTestFinished }: TestContext, settings: Partial<BusSettings> = {}): Promise<Bus> => {
    const made = await open({ ackWaitMs: 1_000, retryDelaysMs: [20], ...settings });
    onTestFinished(() => made.close());
    return made;
  };

  /** Collects deliveries; the handler resolves at once. */
  const collect = async (on: Bus, service = 'extractor', concurrency = 1): Promise<Job[]> => {
    const seen: Job[] = [];
    await on.consume(
      service,
      (job) => {
        seen.push(job);
        return Promise.resolve();
      },
      { concurrency },
    );
    return seen;
  };

  test('a job published before anyone listens is delivered, whole, once', async (context) => {
    const on = await bus(context);
    const message = { stepId: 's1', list: [1, 2.5, null], text: 'größer ≥' };
    await on.publish('jobs.extractor', message, { id: 's1:1' });
    const seen = await collect(on);
    await soon(() => expect(seen).toHaveLength(1));
    await sleep(1_300);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ message, id: 's1:1', deliveries: 1 });
  });

  test('a message id that was published before is dropped, even after its job was done', async (context) => {
    const on = await bus(context, PATIENT);
    const seen = await collect(on);
    await on.publish('jobs.extractor', 1, { id: 'a' });
    await on.publish('jobs.extractor', 2, { id: 'a' });
    await soon(() => expect(seen).toHaveLength(1));
    await on.publish('jobs.extractor', 3, { id: 'a' });
    await on.publish('jobs.extractor', 4, { id: 'b' });
    await soon(() => expect(seen.map((job) => job.message)).toEqual([1, 4]));
  });

  test('jobs reach only the service that they name', async (context) => {
    const on = await bus(context, PATIENT);
    const extractor = await collect(on, 'extractor');
    const regressor = await collect(on, 'regressor');
    await on.publish('jobs.regressor', 'r', { id: 'r' });
    await on.publish('jobs.extractor', 'e', { id: 'e' });
    await soon(() => expect(extractor.map((job) => job.message)).toEqual(['e']));
    await soon(() => expect(regressor.map((job) => job.message)).toEqual(['r']));
  });

  test('two consumers of a service share its jobs, each job once', async (context) => {
    const on = await bus(context, PATIENT);
    const first = await collect(on);
    const second = await collect(on);
    const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`);
    for (const id of ids) await on.publish('jobs.extractor', id, { id });
    await soon(() => expect(first.length + second.length).toBe(20));
    expect([...first, ...second].map((job) => job.id).sort()).toEqual(ids.sort());
  });

  test('a job whose handler rejects comes back after the delay, counted', async (context) => {
    const errors: JobErrorEvent[] = [];
    const on = await bus(context, { retryDelaysMs: [300], onJobError: (event) => errors.push(event) });
    const times: { at: number; deliveries: number }[] = [];
    const handler = (job: Job): Promise<void> => {
      times.push({ at: Date.now(), deliveries: job.deliveries });
      return times.length < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    };
    await on.consume('extractor', handler, { concurrency: 1 });
    await on.publish('jobs.extractor', {}, { id: 'x' });
    await soon(() => expect(times).toHaveLength(3));
    expect(times.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3]);
    expect((times[1]?.at ?? 0) - (times[0]?.at ?? 0)).toBeGreaterThanOrEqual(290);
    expect(errors.map(({ id, deliveries, givenUp }) => ({ id, deliveries, givenUp }))).toEqual([
      { id: 'x', deliveries: 1, givenUp: false },
      { id: 'x', deliveries: 2, givenUp: false },
    ]);
  });

  test('a job that keeps failing is given up after maxDeliveries and blocks nobody', async (context) => {
    const errors: JobErrorEvent[] = [];
    const on = await bus(context, { maxDeliveries: 3, onJobError: (event) => errors.push(event) });
    const done: unknown[] = [];
    const handler = (job: Job): Promise<void> => {
      if (job.id === 'bad') return Promise.reject(new Error('never'));
      done.push(job.message);
      return Promise.resolve();
    };
    await on.consume('extractor', handler, { concurrency: 1 });
    await on.publish('jobs.extractor', 'bad', { id: 'bad' });
    await on.publish('jobs.extractor', 'good', { id: 'good' });
    await soon(() => expect(errors).toHaveLength(3));
    await sleep(1_300);
    expect(errors.map(({ givenUp }) => givenUp)).toEqual([false, false, true]);
    expect(done).toEqual(['good']);
  });

  test('a job that is given up becomes a dead letter, kept until it is dealt with', async (context) => {
    const on = await bus(context, { maxDeliveries: 2, retryDelaysMs: [50] });
    const consumer = await on.consume('extractor', () => Promise.reject(new Error('never')), { concurrency: 1 });
    await on.publish('jobs.extractor', { stepId: 'bad' }, { id: 'bad:1' });
    const letters: DeadLetter[] = [];
    await on.consumeDead((letter) => {
      letters.push(letter);
      return letters.length < 2 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
    });
    await soon(() => expect(letters).toHaveLength(2));
    const expected: DeadLetter = {
      service: 'extractor',
      reason: 'MAX_DELIVERIES',
      deliveries: 2,
      job: { id: 'bad:1', message: { stepId: 'bad' } },
    };
    expect(letters).toEqual([expected, expected]);
    await consumer.drain();
    await sleep(300);
    expect(letters).toHaveLength(2);
  });

  test('a job whose handler never answers becomes a dead letter too', async (context) => {
    const on = await bus(context, { maxDeliveries: 1, ackWaitMs: 300 });
    const letters: DeadLetter[] = [];
    await on.consumeDead((letter) => Promise.resolve(void letters.push(letter)));
    let release: () => void = () => undefined;
    const frozen = new Promise<void>((resolve) => (release = resolve));
    await on.consume('extractor', () => frozen, { concurrency: 2 });
    await on.publish('jobs.extractor', {}, { id: 'x' });
    await soon(() => expect(letters.map(({ job, deliveries }) => [job?.id, deliveries])).toEqual([['x', 1]]));
    release();
  });

  test('headers arrive as they were sent, and the job says how long it may be silent', async (context) => {
    const on = await bus(context, { ackWaitMs: 1_000 });
    const seen = await collect(on);
    await on.publish('jobs.extractor', {}, { id: 'x', headers: { traceparent: '00-ab-cd-01' } });
    await soon(() => expect(seen[0]?.headers).toMatchObject({ traceparent: '00-ab-cd-01' }));
    expect(seen[0]?.ackWaitMs).toBe(1_000);
  });

  test('a handler that falls silent loses its job to another after ackWaitMs', async (context) => {
    const on = await bus(context, { ackWaitMs: 800 });
    const deliveries: number[] = [];
    let release: () => void = () => undefined;
    const frozen = new Promise<void>((resolve) => (release = resolve));
    const handler = (job: Job): Promise<void> => {
      deliveries.push(job.deliveries);
      return job.deliveries === 1 ? frozen : Promise.resolve();
    };
    await on.consume('extractor', handler, { concurrency: 2 });
    await on.publish('jobs.extractor', {}, { id: 'x' });
    await soon(() => expect(deliveries).toEqual([1, 2]));
    release();
    await sleep(1_000);
    expect(deliveries).toEqual([1, 2]);
  });

  test('a handler that calls working() keeps its job far beyond ackWaitMs', async (context) => {
    const on = await bus(context, { ackWaitMs: 1_000 });
    const deliveries: number[] = [];
    let finished = false;
    const handler = async (job: Job): Promise<void> => {
      deliveries.push(job.deliveries);
      // So often that a busy machine may hold up several of them.
      for (let beat = 0; beat < 40; beat += 1) {
        await sleep(50);
        job.working();
      }
      finished = true;
    };
    await on.consume('extractor', handler, { concurrency: 2 });
    await on.publish('jobs.extractor', {}, { id: 'x' });
    await soon(() => expect(finished).toBe(true));
    await sleep(1_100);
    expect(deliveries).toEqual([1]);
  });

  test('a consumer works on as many jobs at once as its concurrency, and no more', async (context) => {
    const on = await bus(context, PATIENT);
    let running = 0;
    let most = 0;
    let done = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const handler = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await released;
      running -= 1;
      done += 1;
    };
    for (let index = 0; index < 9; index += 1) await on.publish('jobs.extractor', index, { id: `${index}` });
    await on.consume('extractor', handler, { concurrency: 3 });
    // They stay until so many are there: on a busy machine each may come late.
    await soon(() => expect(running).toBe(3));
    await sleep(200);
    release();
    await soon(() => expect(done).toBe(9));
    expect(most).toBe(3);
  });

  test('drain finishes the job in hand and leaves the rest to others', async (context) => {
    const on = await bus(context, PATIENT);
    const finished: string[] = [];
    let started = false;
    const slow = async (job: Job): Promise<void> => {
      started = true;
      await sleep(300);
      finished.push(job.id);
    };
    const consumer = await on.consume('extractor', slow, { concurrency: 1 });
    await on.publish('jobs.extractor', {}, { id: 'first' });
    await on.publish('jobs.extractor', {}, { id: 'second' });
    await soon(() => expect(started).toBe(true));
    await Promise.all([consumer.drain(), consumer.drain()]);
    expect(finished).toEqual(['first']);
    const seen = await collect(on);
    await soon(() => expect(seen.map((job) => job.id)).toEqual(['second']));
  });

  test('a broadcast reaches every listener whose pattern matches, and nobody else', async (context) => {
    const on = await bus(context);
    const heard: [string, unknown, string][] = [];
    const listen = (name: string) => (payload: unknown, subject: string) => heard.push([name, payload, subject]);
    await on.subscribe('events.run.*', listen('all'));
    await on.subscribe('events.>', listen('rest'));
    const unsubscribe = await on.subscribe('events.run.r1', listen('one'));
    await on.subscribe('cancel.*', listen('cancel'));
    on.broadcast('events.run.r1', { runId: 'r1', seq: 4 });
    await soon(() => expect(heard).toHaveLength(3));
    expect(heard.map(([name]) => name).sort()).toEqual(['all', 'one', 'rest']);
    expect(heard.every(([, payload]) => JSON.stringify(payload) === '{"runId":"r1","seq":4}')).toBe(true);
    await unsubscribe();
    on.broadcast('events.run.r1', { runId: 'r1', seq: 5 });
    await soon(() => expect(heard).toHaveLength(5));
    expect(heard.slice(3).map(([name]) => name)).not.toContain('one');
  });

  test('what JSON cannot carry and what is no subject is refused by code', async (context) => {
    const on = await bus(context);
    const publish = (subject: string, message: unknown) => on.publish(subject, message, { id: 'x' });
    await expect(publish('jobs.extractor', { loss: Number.NaN })).rejects.toMatchObject({
      code: 'JSON_INVALID',
      where: '$.loss',
    });
    for (const subject of ['jobs', 'jobs.', 'jobs.*', 'jobs.a.b', 'events.run.1', 'jobs.a b', '']) {
      await expect(publish(subject, {})).rejects.toMatchObject({ code: 'BUS_SUBJECT_INVALID' });
    }
    expect(() => on.broadcast('events.run.*', {})).toThrow(expect.objectContaining({ code: 'BUS_SUBJECT_INVALID' }));
    await expect(on.subscribe('events.>.x', () => undefined)).rejects.toMatchObject({ code: 'BUS_SUBJECT_INVALID' });
  });

  test('close lets the job in hand finish; afterwards the bus says that it is unavailable', async (context) => {
    const on = await bus(context);
    let finished = false;
    let started = false;
    const handler = async (): Promise<void> => {
      started = true;
      await sleep(200);
      finished = true;
    };
    await on.consume('extractor', handler, { concurrency: 1 });
    await on.health();
    await on.publish('jobs.extractor', {}, { id: 'x' });
    await soon(() => expect(started).toBe(true));
    await on.close();
    expect(finished).toBe(true);
    await expect(on.health()).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    await expect(on.publish('jobs.extractor', {}, { id: 'y' })).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    on.broadcast('events.run.r1', {});
  });
});
