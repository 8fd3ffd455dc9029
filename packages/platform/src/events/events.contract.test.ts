import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelRun } from '../work/cancel-run.ts';
import { claimAttempt } from '../work/claim-attempt.ts';
import { endAttempt } from '../work/end-attempt.ts';
import { Failure } from '@kneepoint/failures';
import { ENGINES, plan, World } from '../work/contract/world.ts';
import type { Run, Webhook } from '../database/generated/client.ts';
import { launchRun } from '../work/launch-run.ts';
import { succeedAttempt } from '../work/succeed-attempt.ts';
import { parseAllowed } from '../outgoing/addresses.ts';
import { type Received, Receiver } from '../../../../test/support/webhook-receiver.ts';
import { recordPing, recordRedelivery } from './record-event.ts';
import { seal } from './sealed-secret.ts';
import { makeSecret } from './signature.ts';
import { type DeliveryOptions, startDeliveries } from './start-deliveries.ts';

const HERE = parseAllowed('127.0.0.0/8')!;
const SECRET = makeSecret();
const KEY = 'a key that an operator gave, of 32 characters or more'.replaceAll(' ', '-');

interface Told {
  readonly type: string;
  readonly run: string | null;
}

describe.each(ENGINES)('webhooks on $engine', ({ engine, start }) => {
  const world = new World();
  let receiver: Receiver;
  let undo: (() => Promise<unknown>)[] = [];
  beforeAll(() => world.open(start));
  beforeEach(async () => {
    await world.renew();
    await world.db.prisma.webhook.deleteMany();
    await world.db.prisma.event.deleteMany();
    receiver = await new Receiver().start();
  });
  afterEach(async () => {
    for (const step of undo.reverse()) await step();
    undo = [];
    await receiver.stop();
  });
  afterAll(() => world.close());

  async function hook(data: Partial<Webhook> = {}): Promise<Webhook> {
    const { id } = await world.db.prisma.webhook.create({
      data: { url: receiver.url, secret: 'open:', ...data },
    });
    return world.db.prisma.webhook.update({ where: { id }, data: { secret: seal(SECRET, id, [KEY]) } });
  }

  function send(options: Partial<DeliveryOptions> = {}): void {
    const deliveries = startDeliveries(world.db, {
      compose: ({ type, runId }) => Promise.resolve({ type, run: runId } satisfies Told),
      ...{ allowed: HERE, secretsKeys: [KEY], retryMs: 60_000, everyMs: 20 },
      ...{ timeoutMs: 15_000, backoff: { firstMs: 30, longestMs: 200 } },
      ...options,
    });
    undo.push(() => deliveries.stop());
  }

  const launch = (service = 'nobody', kind = 'TEST'): Promise<Run> =>
    launchRun(world.db, { kind, input: {}, steps: [plan(service)] });

  /** What a worker does with a run of one step. */
  async function work(run: Run, fails = false): Promise<void> {
    const [step] = await world.steps(run.id);
    const reference = { runId: run.id, stepId: step!.id };
    const { claim } = await claimAttempt(world.db, { ...reference, attempt: 1 }, { worker: 'w', leaseSeconds: 60 });
    const attempt = { ...reference, token: claim!.token };
    if (fails) await endAttempt(world.db, attempt, { outcome: 'FAILED', failure: new Failure('MODEL_TOO_LARGE', 'x') });
    else await succeedAttempt(world.db, attempt, { output: {} });
  }

  const week = new Date(Date.now() - 7 * 24 * 3600_000);
  const heard = (): Told[] => receiver.received.map(({ body }) => JSON.parse(body) as Told);
  const pending = () => world.db.prisma.delivery.count({ where: { state: 'PENDING' } });
  const done = () => world.until(pending, (count) => count === 0);
  const stateOf = ({ id }: { id: string }) => world.db.prisma.webhook.findUniqueOrThrow({ where: { id } });
  const attemptsOf = () => world.db.prisma.deliveryAttempt.findMany({ orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] });

  it('hear of each state of a run, in order, signed as Standard Webhooks has it', async () => {
    await hook();
    send();
    const [good, bad, ended] = [await launch(), await launch(), await launch()];
    await work(good);
    await work(bad, true);
    await cancelRun(world.db, world.bus, ended.id);
    await done();
    const of = (run: Run) => heard().flatMap((told) => (told.run === run.id ? [told.type] : []));
    expect(of(good)).toEqual(['run.queued', 'run.started', 'run.succeeded']);
    expect(of(bad)).toEqual(['run.queued', 'run.started', 'run.failed']);
    expect(of(ended)).toEqual(['run.queued', 'run.canceled']);
    for (const { headers, body } of receiver.received) {
      expect(new StandardWebhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => new StandardWebhook(makeSecret()).verify(body, headers)).toThrow(/No matching signature/);
      expect(() => new StandardWebhook(SECRET).verify(`${body} `, headers)).toThrow(/No matching signature/);
      expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    }
    const facts = await world.db.prisma.event.findFirstOrThrow({ where: { runId: bad.id, type: 'run.failed' } });
    expect(facts.facts).toMatchObject({ state: 'FAILED', failure: { code: 'MODEL_TOO_LARGE', step: 'a step' } });
  });

  it('hear of what they asked for, and of nothing else', async () => {
    const others = { projectId: 'theirs' };
    await world.db.prisma.project.upsert({
      where: { id: 'theirs' },
      create: { id: 'theirs', name: 'theirs' },
      update: {},
    });
    await hook({ types: ['run.canceled'] });
    await hook({ kinds: ['PRUNE'] });
    await hook({ labels: ['team=vision'] });
    await hook({ enabled: false });
    await hook(others);
    const before = await world.db.prisma.delivery.count();
    const run = await launch();
    expect(await world.db.prisma.delivery.count()).toBe(before);
    expect(await world.db.prisma.event.count()).toBe(0);
    await cancelRun(world.db, world.bus, run.id);
    await launch('nobody', 'PRUNE');
    await launchRun(world.db, { kind: 'TEST', labels: ['a=1', 'team=vision'], input: {}, steps: [plan('nobody')] });
    const rows = await world.db.prisma.delivery.findMany({
      orderBy: { position: 'asc' },
      include: { event: true, webhook: true },
    });
    expect(rows.map(({ event, webhook }) => [event.type, webhook.types, webhook.kinds, webhook.labels])).toEqual([
      ['run.canceled', ['run.canceled'], [], []],
      ['run.queued', [], ['PRUNE'], []],
      ['run.queued', [], [], ['team=vision']],
    ]);
    await launchRun(world.db.forProject('theirs'), { kind: 'TEST', input: {}, steps: [plan('nobody')] });
    expect(await world.db.prisma.delivery.count({ where: others })).toBe(1);
  });

  it('get everything in order once a receiver is up that was down, and one signature more while a secret is changed', async () => {
    const webhook = await hook();
    const next = makeSecret();
    await world.db.prisma.webhook.update({
      where: { id: webhook.id },
      data: {
        secret: seal(next, webhook.id, [KEY]),
        previousSecret: webhook.secret,
        previousUntil: new Date(Date.now() + 60_000),
      },
    });
    await receiver.stop();
    send();
    const runs = [await launch(), await launch(), await launch()];
    for (const run of runs) await work(run);
    await world.until(
      () => stateOf(webhook),
      ({ failures }) => failures >= 3,
    );
    expect(receiver.received).toEqual([]);
    await receiver.start();
    await done();
    for (const run of runs) {
      const told = heard().flatMap(({ type, run: id }) => (id === run.id ? [type] : []));
      expect(told).toEqual(['run.queued', 'run.started', 'run.succeeded']);
    }
    expect(await stateOf(webhook)).toMatchObject({ failures: 0, failingSince: null, enabled: true });
    const { body, headers } = receiver.received[0]!;
    for (const secret of [SECRET, next]) expect(new StandardWebhook(secret).verify(body, headers)).toBeTruthy();
    expect((await attemptsOf())[0]).toMatchObject({ status: null, code: 'OUTGOING_FAILED' });
  });

  it('wait as long as a receiver asks for, and one event that is refused holds up no other run', async () => {
    await hook();
    const [first, second] = [await launch(), await launch()];
    let refused = 0;
    receiver.answer = ({ body }) => {
      const { run } = JSON.parse(body) as Told;
      if (run === second.id || (refused += 1) > 1) return { status: 200, body: 'thanks' };
      return { status: 400, headers: { 'retry-after': '40' }, body: `no\0${'x'.repeat(5000)}` };
    };
    await work(first);
    await work(second);
    send();
    // Longer than any machine takes for the second run: then the wait is over because this says so.
    await world.until(
      () => Promise.resolve(heard().filter(({ run }) => run === second.id).length),
      (count) => count === 3,
    );
    await world.until(
      async () => (await attemptsOf()).filter(({ status }) => status === 400).length,
      (count) => count === 1,
    );
    const refusal = (await attemptsOf()).find(({ status }) => status === 400)!;
    const where = { id: refusal.deliveryId };
    const { nextAttemptAt } = await world.db.prisma.delivery.findUniqueOrThrow({ where });
    expect(nextAttemptAt.getTime() - refusal.startedAt.getTime()).toBeGreaterThanOrEqual(40_000);
    await world.db.prisma.delivery.update({ where, data: { nextAttemptAt: refusal.startedAt } });
    await done();
    const told = heard();
    const place = (run: Run, nth: number) => told.flatMap((one, index) => (one.run === run.id ? [index] : []))[nth]!;
    // All of the second run came while the first one waited.
    expect(place(second, 2)).toBeLessThan(place(first, 1));
    expect(told.flatMap(({ type, run }) => (run === first.id ? [type] : []))).toEqual([
      'run.queued',
      ...['run.queued', 'run.started', 'run.succeeded'],
    ]);
    const log = await attemptsOf();
    expect(refusal).toMatchObject({ code: 'WEBHOOK_REFUSED', number: 1 });
    expect(log.filter(({ deliveryId }) => deliveryId === refusal.deliveryId)).toHaveLength(2);
    expect(refusal.response!.slice(0, 4)).toBe('no\uFFFDx');
    expect(refusal.response!.length).toBe(1024);
    expect(log.find(({ status }) => status === 200)).toMatchObject({ code: null, response: 'thanks' });
  });

  it('are turned off by 410 and where nothing arrives for too long, with a reason and a line in the audit log', async () => {
    const gone = await hook();
    receiver.answer = () => ({ status: 410 });
    send({ retryMs: 300 });
    await launch();
    await world.until(
      () => stateOf(gone),
      ({ enabled }) => !enabled,
    );
    expect((await stateOf(gone)).disabledReason).toBe('the receiver answered 410: it is gone for good');
    for (const step of undo.splice(0)) await step();
    const failing = await hook();
    receiver.answer = () => ({ status: 503 });
    const late = await launch();
    await work(late);
    send({ retryMs: 300 });
    await world.until(
      () => stateOf(failing),
      ({ enabled }) => !enabled,
    );
    expect((await stateOf(failing)).disabledReason).toMatch(
      /^nothing could be delivered since .*Z; at last: status 503$/,
    );
    const audit = await world.db.prisma.audit.findMany({ where: { operation: 'turnWebhookOff' } });
    expect(audit.flatMap(({ subjects }) => subjects)).toEqual(expect.arrayContaining([gone.id, failing.id]));
    // What waited waits on, and goes once it is on again.
    receiver.answer = () => ({});
    expect(await pending()).toBe(3);
    await world.db.prisma.webhook.update({
      where: { id: failing.id },
      data: { enabled: true, failures: 0, failingSince: null, pausedUntil: null },
    });
    const before = receiver.received.length;
    await done();
    const told = heard().slice(before);
    expect(told).toEqual(
      ['run.queued', 'run.started', 'run.succeeded'].map((type) => ({ type, run: late.id }) satisfies Told),
    );
  });

  it('may be tried, and told again what they were told, also while they are off', async () => {
    const webhook = await hook({ enabled: false });
    receiver.answer = () => ({ status: 500 });
    send();
    const ping = await world.db.transaction((tx) => recordPing(tx, webhook, {}));
    world.db.wakeOutbox();
    await done();
    const row = await world.db.prisma.delivery.findUniqueOrThrow({ where: { id: ping.id } });
    expect(row).toMatchObject({ state: 'FAILED', attempts: 1 });
    expect(await stateOf(webhook)).toMatchObject({ failures: 0, failingSince: null });
    receiver.answer = () => ({});
    await world.db.transaction((tx) => recordRedelivery(tx, ping));
    world.db.wakeOutbox();
    await done();
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([ping.eventId, ping.eventId]);
  });

  it('are sent to no address that is not public, follow no redirect, and are signed by no secret that cannot be read', async () => {
    const failed = async (options: Partial<DeliveryOptions>) => {
      await world.db.prisma.webhook.deleteMany();
      await hook();
      send(options);
      await launch();
      const [attempt] = await world.until(attemptsOf, ({ length }) => length > 0);
      for (const step of undo.splice(0)) await step();
      return attempt!;
    };
    const nothing = { names: new Set<string>(), ranges: [] };
    expect(await failed({ allowed: nothing })).toMatchObject({ code: 'OUTGOING_REFUSED', status: null });
    const unread = await failed({ secretsKeys: ['another-key-of-an-operator-of-32-characters'] });
    expect(unread.code).toBe('WEBHOOK_SECRET_UNREADABLE');
    expect(receiver.received).toEqual([]);
    const elsewhere = await new Receiver().start();
    receiver.answer = () => ({ status: 302, headers: { location: elsewhere.url } });
    expect(await failed({})).toMatchObject({ code: 'OUTGOING_REFUSED', status: null });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.stop();
  });

  it('are signed by the present secret alone where the one before cannot be read any more', async () => {
    const previousSecret = seal(makeSecret(), 'it', ['another-key-of-an-operator-of-32-characters']);
    await hook({ previousSecret, previousUntil: new Date(Date.now() + 60_000) });
    send();
    await launch();
    await done();
    const [{ body, headers }] = receiver.received as [Received];
    expect(headers['webhook-signature']).toMatch(/^v1,\S+$/);
    expect(new StandardWebhook(SECRET).verify(body, headers)).toBeTruthy();
  });

  it('try with one message whether a receiver is back, however many processes there are', async () => {
    const webhook = await hook({ failures: 3, failingSince: new Date() });
    for (let n = 0; n < 4; n += 1) await launch();
    let [now, most, isBack] = [0, 0, false];
    receiver.answer = async () => {
      now += 1;
      // Once it has taken one, the others may come together.
      if (!isBack) most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 100));
      now -= 1;
      const status = receiver.received.length < 3 ? 503 : 204;
      isBack ||= status === 204;
      return { status };
    };
    for (let n = 0; n < 2; n += 1) send();
    const failures = async () => (await stateOf(webhook)).failures;
    await world.until(failures, (count) => count === 0);
    expect(most).toBe(1);
    await done();
  });

  it('are not turned off for a time in which nothing waited for them, or nobody sent', async () => {
    receiver.answer = () => ({ status: 503 });
    const failed = async (data: Partial<Webhook>) => {
      const { id } = await hook({ failingSince: week, ...data });
      await launch();
      // The oldest of what waits is as old as that.
      if (data.pausedUntil) await world.db.prisma.delivery.updateMany({ data: { createdAt: week } });
      send({ backoff: { firstMs: 60_000, longestMs: 60_000 } });
      await world.until(attemptsOf, ({ length }) => length > 0);
      for (const step of undo.splice(0)) await step();
      const { enabled, failingSince } = await stateOf({ id });
      await world.db.prisma.webhook.delete({ where: { id } });
      return { enabled, isNew: Date.now() - failingSince!.getTime() < 60_000 };
    };
    for (const data of [{}, { pausedUntil: week }]) expect(await failed(data)).toEqual({ enabled: true, isNew: true });
  });

  it('get what waited while they were off for as long as anything else', async () => {
    await hook({ triedSince: new Date() });
    await launch();
    await world.db.prisma.delivery.updateMany({ data: { createdAt: week, attempts: 9 } });
    receiver.answer = () => ({ status: receiver.received.length < 3 ? 400 : 204 });
    send();
    await done();
    expect(await world.db.prisma.delivery.findFirst()).toMatchObject({ state: 'DELIVERED', attempts: 12 });
  });

  it('get what comes after an event of which no message can be made, once that is given up', async () => {
    await hook();
    await work(await launch());
    const defect = Promise.reject(new Error('a defect'));
    defect.catch(() => undefined);
    send({ compose: ({ type }) => (type === 'run.queued' ? defect : Promise.resolve({ type })), retryMs: 200 });
    await done();
    expect(heard().map(({ type }) => type)).toEqual(['run.started', 'run.succeeded']);
    const row = await world.db.prisma.delivery.findFirstOrThrow({ where: { state: 'FAILED' }, include: { log: true } });
    expect(row.log[0]).toMatchObject({ status: null, code: 'INTERNAL', response: 'the message could not be composed' });
  });

  it('are served by several processes at once, each event once and those of a run in order', async () => {
    await hook();
    const seen = new Set<string>();
    receiver.answer = async ({ headers }) => {
      expect(seen.has(headers['webhook-id']!)).toBe(false);
      seen.add(headers['webhook-id']!);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return {};
    };
    send();
    send();
    send();
    const runs = await Promise.all(Array.from({ length: 4 }, () => launch()));
    await Promise.all(runs.map((run) => work(run)));
    await done();
    expect(receiver.received).toHaveLength(12);
    for (const run of runs) {
      const told = heard().flatMap(({ type, run: id }) => (id === run.id ? [type] : []));
      expect(told).toEqual(['run.queued', 'run.started', 'run.succeeded']);
    }
  });

  // An embedded database is one process's own.
  it.runIf(engine === 'PostgreSQL')('are told by another what a process had in its hands that was killed', async () => {
    await hook();
    const run = await launch();
    const answered = new Promise<void>((resolve) => {
      receiver.answer = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const fixture = fileURLToPath(new URL('crash.fixture.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', fixture, world.url, KEY], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await answered;
    child.kill('SIGKILL');
    await once(child, 'exit');
    receiver.answer = () => ({});
    send();
    await done();
    expect(heard()).toEqual([
      { type: 'run.queued', run: run.id },
      { type: 'run.queued', run: run.id },
    ]);
  });
});
