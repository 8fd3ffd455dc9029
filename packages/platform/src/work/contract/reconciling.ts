import { beforeAll, expect, it } from 'vitest';
import { cancelRun } from '../cancel-run.ts';
import { claimAttempt } from '../claim-attempt.ts';
import { launchRun } from '../launch-run.ts';
import { endGivenUp } from '../reconcile/end-given-up.ts';
import { startReconciler } from '../start-reconciler.ts';
import type { StepHandler } from '../step-handler.ts';
import { succeedAttempt } from '../succeed-attempt.ts';
import { gate, plan, type World } from './world.ts';

export function reconciling(world: World): void {
  let services = 0;
  const service = (): string => `reconciled-${(services += 1)}`;
  const launch = (name: string, overrides: Parameters<typeof plan>[1] = {}) =>
    launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan(name, overrides)] });
  const succeed: StepHandler = () => Promise.resolve({ output: { by: 'worker' } });

  /** A worker that took the step and was never heard of again. */
  async function claimAndVanish(runId: string, attempt = 1) {
    const { id: stepId } = await world.step(runId);
    const { claim } = await claimAttempt(world.db, { runId, stepId, attempt }, { worker: 'ghost', leaseSeconds: 0.1 });
    return { runId, stepId, token: claim!.token };
  }

  beforeAll(async () => {
    await world.renew();
    world.dispatch();
    // Two at once, as two gateways have them.
    for (const everyMs of [40, 50]) {
      const reconciler = startReconciler(world.db, world.bus, { everyMs, cancelGraceMs: 300, republishAfterMs: 400 });
      world.later(() => reconciler.stop());
    }
  });

  it('give the step of a dead worker to another one, once', async () => {
    const name = service();
    const run = await launch(name);
    const { stepId } = await claimAndVanish(run.id);
    const started: string[] = [];
    const handler: StepHandler = (context) => (started.push(context.step.id), succeed(context));
    await world.worker({ service: name, handlers: { work: handler } });
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
    expect(started).toEqual([stepId]);
    const attempts = await world.db.prisma.attempt.findMany({ where: { stepId }, orderBy: { number: 'asc' } });
    expect(attempts.map(({ number, outcome, worker }) => [number, outcome, worker === 'ghost'])).toEqual([
      [1, 'LOST', true],
      [2, 'SUCCEEDED', false],
    ]);
  });

  it('refuse what a worker writes that froze and thawed', async () => {
    const name = service();
    const run = await launch(name);
    const frozen = await claimAndVanish(run.id);
    await world.worker({ service: name, handlers: { work: succeed } });
    const ended = await world.ended(run.id);
    const late = await succeedAttempt(world.db, frozen, {
      output: { by: 'frozen' },
      artifacts: [{ sha256: `late-${name}`, bytes: 1, mediaType: 'text/plain' }],
      commit: () => Promise.reject(new Error('must not be reached')),
    });
    expect(late).toMatchObject({ value: false, seq: undefined });
    expect((await world.step(run.id)).output).toEqual({ by: 'worker' });
    expect(await world.db.prisma.artifact.count({ where: { sha256: `late-${name}` } })).toBe(0);
    expect((await world.ended(run.id)).seq).toBe(ended.seq);
  });

  it('let a commit be repeated whose answer was lost', async () => {
    const run = await launch(service());
    const { id: stepId } = await world.step(run.id);
    const message = { runId: run.id, stepId, attempt: 1 };
    const { claim } = await claimAttempt(world.db, message, { worker: 'w', leaseSeconds: 30 });
    const reference = { runId: run.id, stepId, token: claim!.token };
    const first = await succeedAttempt(world.db, reference, { output: { n: 1 } });
    const second = await succeedAttempt(world.db, reference, { output: { n: 1 } });
    expect([first?.value, second?.value, second?.seq]).toEqual([true, true, undefined]);
  });

  it('fail a step whose workers keep dying, and say so', async () => {
    const name = service();
    const run = await launch(name, { maxAttempts: 2 });
    await claimAndVanish(run.id, 1);
    await world.until(
      () => world.step(run.id),
      ({ state, attempt }) => state === 'QUEUED' && attempt === 2,
    );
    await claimAndVanish(run.id, 2);
    expect(await world.ended(run.id)).toMatchObject({ state: 'FAILED', failure: { code: 'WORKER_LOST' } });
  });

  it('leave a worker alone that works longer than its lease', async () => {
    const name = service();
    await world.worker({
      service: name,
      // Three times as long as between two heartbeats, so long that no busy machine holds one up for that.
      leaseSeconds: 6,
      handlers: { work: () => new Promise((resolve) => setTimeout(() => resolve({ output: {} }), 6_500)) },
    });
    const run = await launch(name);
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
    expect((await world.step(run.id)).attempt).toBe(1);
  });

  it('send a step again whose message was lost', async () => {
    const name = service();
    const run = await launch(name);
    // The bus loses it: taken by a consumer that knows nothing of steps.
    const thief = await world.bus.consume(name, () => Promise.resolve(), { concurrency: 1 });
    await world.until(
      () => world.db.prisma.outbox.count({ where: { subject: `jobs.${name}` } }),
      (count) => count === 0,
    );
    await thief.drain();
    await world.worker({ service: name, handlers: { work: succeed } });
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
    const step = await world.step(run.id);
    expect(step).toMatchObject({ attempt: 1 });
    expect(step.republished).toBeGreaterThan(0);
  });

  it('fail a step whose jobs no worker can take, attempt by attempt, and say so', async () => {
    const name = service();
    const run = await launch(name, { maxAttempts: 2 });
    // Workers that die before they claim anything look like this to the bus.
    const dying = await world.bus.consume(name, () => Promise.reject(new Error('out of memory')), { concurrency: 1 });
    const ended = await world.ended(run.id);
    await dying.drain();
    expect(ended).toMatchObject({ state: 'FAILED', failure: { code: 'JOB_GIVEN_UP', step: 'a step' } });
    const { id: stepId } = await world.step(run.id);
    const attempts = await world.db.prisma.attempt.findMany({ where: { stepId }, orderBy: { number: 'asc' } });
    expect(attempts.map(({ number, outcome, worker }) => [number, outcome, worker])).toEqual([
      [1, 'FAILED', 'none'],
      [2, 'FAILED', 'none'],
    ]);
  });

  it('leave a step to the worker that has it, although the bus gave up the job', async () => {
    const run = await launch(service());
    const { id: stepId } = await world.step(run.id);
    const message = { runId: run.id, stepId, attempt: 1 };
    const { claim } = await claimAttempt(world.db, message, { worker: 'w', leaseSeconds: 30 });
    const letter = { service: 's', reason: 'MAX_DELIVERIES', deliveries: 5, job: { id: 'x', message } } as const;
    await endGivenUp({ db: world.db, bus: world.bus, log: undefined }, letter);
    expect(await world.step(run.id)).toMatchObject({ state: 'RUNNING', attempt: 1, token: claim!.token });
    await succeedAttempt(world.db, { runId: run.id, stepId, token: claim!.token }, { output: {} });
  });

  it('end a canceled run whose worker died', async () => {
    const run = await launch(service());
    await claimAndVanish(run.id);
    await cancelRun(world.db, world.bus, run.id);
    expect((await world.ended(run.id)).state).toBe('CANCELED');
    expect((await world.step(run.id)).state).toBe('CANCELED');
  });

  it('end a canceled run whose handler does not listen', async () => {
    const name = service();
    const started = gate();
    const release = gate();
    await world.worker({
      service: name,
      abortGraceMs: 60_000,
      handlers: { work: async () => (started.open(), await release.promise, { output: {} }) },
    });
    const run = await launch(name);
    await started.promise;
    await cancelRun(world.db, world.bus, run.id);
    const ended = await world.ended(run.id);
    expect(ended.state).toBe('CANCELED');
    release.open();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await world.step(run.id)).output).toBeNull();
    expect((await world.ended(run.id)).seq).toBe(ended.seq);
  });

  it('keep what was finished while the cancellation was under way', async () => {
    const name = service();
    const started = gate();
    const release = gate();
    await world.worker({
      service: name,
      handlers: { work: async () => (started.open(), await release.promise, { output: {} }) },
    });
    const run = await launch(name);
    await started.promise;
    await cancelRun(world.db, world.bus, run.id);
    release.open();
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
  });

  it('end a run that nobody ended although its steps were done', async () => {
    const run = await launch(service());
    await world.db.prisma.step.updateMany({ where: { runId: run.id }, data: { state: 'SUCCEEDED' } });
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
  });
}
