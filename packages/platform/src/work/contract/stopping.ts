import { beforeAll, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { cancelRun } from '../cancel-run.ts';
import { launchRun } from '../launch-run.ts';
import type { StepHandler } from '../step-handler.ts';
import { gate, plan, type World } from './world.ts';

export function stopping(world: World): void {
  let services = 0;
  const service = (): string => `stopped-${(services += 1)}`;
  const launch = (name: string, overrides: Parameters<typeof plan>[1] = {}) =>
    launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan(name, overrides)] });

  beforeAll(async () => {
    await world.renew();
    world.dispatch();
  });

  it('ends a run at its first failed step and stops the others', async () => {
    const name = service();
    const reasons: unknown[] = [];
    const started = gate();
    const handlers: Record<string, StepHandler> = {
      work: ({ signal }) =>
        new Promise((_resolve, reject) => {
          started.open();
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('stopped'));
          });
        }),
      fails: async () => {
        await started.promise;
        throw new Failure('PLAN_INVALID', 'no');
      },
    };
    await world.worker({ service: name, handlers, concurrency: 2 });
    const run = await launchRun(world.db, {
      kind: 'TEST',
      input: {},
      steps: [
        plan(name, { ref: 'slow' }),
        plan(name, { ref: 'bad', kind: 'fails' }),
        plan(name, { ref: 'after', dependsOn: ['slow'] }),
      ],
    });
    expect((await world.ended(run.id)).state).toBe('FAILED');
    expect((await world.steps(run.id)).map(({ state }) => state)).toEqual(['CANCELED', 'FAILED', 'CANCELED']);
    await world.until(
      () => Promise.resolve(reasons),
      (seen) => seen.length === 1,
    );
    expect(reasons).toEqual(['lost']);
  });

  it('never starts a step of a run that was canceled, and stops one that runs at once', async () => {
    const name = service();
    const queued = await launch(name);
    expect((await cancelRun(world.db, world.bus, queued.id)).state).toBe('CANCELED');
    const started = gate<string>();
    let reason: unknown;
    const handler: StepHandler = ({ run, signal }) =>
      new Promise((_resolve, reject) => {
        started.open(run.id);
        signal.addEventListener('abort', () => reject(new Error(String((reason = signal.reason)))));
      });
    // The heartbeat alone would need ten seconds to notice.
    await world.worker({ service: name, handlers: { work: handler }, leaseSeconds: 30 });
    const running = await launch(name);
    expect(await started.promise).toBe(running.id);
    expect((await cancelRun(world.db, world.bus, running.id)).state).toBe('CANCELING');
    expect((await world.ended(running.id, 8_000)).state).toBe('CANCELED');
    expect(reason).toBe('canceled');
    expect((await world.step(running.id)).state).toBe('CANCELED');
    expect((await cancelRun(world.db, world.bus, running.id)).state).toBe('CANCELED');
    expect((await world.db.prisma.run.findUniqueOrThrow({ where: { id: queued.id } })).startedAt).not.toBeNull();
  });

  it('hands a step back when it is stopped, without using up an attempt', async () => {
    const name = service();
    const started = gate();
    const first = await world.worker({
      service: name,
      handlers: {
        work: ({ signal }) =>
          new Promise((_resolve, reject) => {
            started.open();
            signal.addEventListener('abort', () => reject(new Error(String(signal.reason))));
          }),
      },
    });
    const run = await launch(name, { maxAttempts: 1 });
    await started.promise;
    await first.stop();
    expect(await world.step(run.id)).toMatchObject({ state: 'QUEUED', attempt: 2, handedBack: 1, token: null });
    await world.worker({ service: name, handlers: { work: () => Promise.resolve({ output: {} }) } });
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
  });

  it('gives back a step whose handler does not listen, and drops what that makes later', async () => {
    const name = service();
    const started = gate();
    const release = gate();
    const deaf = await world.worker({
      service: name,
      abortGraceMs: 60_000,
      handlers: { work: async () => (started.open(), await release.promise, { output: { by: 'deaf' } }) },
    });
    const run = await launch(name);
    await started.promise;
    await deaf.stop({ graceMs: 100 });
    await world.worker({ service: name, handlers: { work: () => Promise.resolve({ output: { by: 'second' } }) } });
    await world.ended(run.id);
    release.open();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await world.step(run.id)).output).toEqual({ by: 'second' });
  });

  it('ends a step that takes longer than it may as TIMED_OUT', async () => {
    const name = service();
    await world.worker({ service: name, handlers: { work: () => new Promise<never>(() => undefined) } });
    const run = await world.ended((await launch(name, { timeoutSeconds: 1 })).id);
    expect(run).toMatchObject({ state: 'TIMED_OUT', failure: { code: 'STEP_TIMED_OUT' } });
  });
}
