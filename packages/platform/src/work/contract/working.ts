import { beforeAll, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { contentKey } from '../content-key.ts';
import { launchRun } from '../launch-run.ts';
import type { StepHandler } from '../step-handler.ts';
import { gate, plan, type World } from './world.ts';

export function working(world: World): void {
  let services = 0;
  const service = (): string => `worker-${(services += 1)}`;
  const launch = (name: string, overrides: Parameters<typeof plan>[1] = {}) =>
    launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan(name, overrides)] });

  beforeAll(async () => {
    await world.renew();
    world.dispatch();
  });

  it('does a step and leaves its output, result, artifacts and rows together', async () => {
    const name = service();
    const extra = contentKey('part', 1, name);
    const handler: StepHandler<{ count: number }> = async ({ input, store, run, progress }) => {
      progress({ done: 1, total: input.count, unit: 'images' });
      const { sha256 } = await store.put(new TextEncoder().encode(name), { mediaType: 'text/plain' });
      return {
        output: { sha256 },
        results: [{ key: extra, kind: 'part', output: { count: input.count } }],
        provider: 'cpu',
        commit: async (tx) => {
          await tx.run.update({ where: { id: run.id }, data: { failure: { committed: true } } });
        },
      };
    };
    await world.worker({ service: name, handlers: { work: handler } });
    const launched = await launch(name, { input: { count: 7 } });
    const run = await world.ended(launched.id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', reused: false, failure: { committed: true } });
    expect(run.seq).toBeGreaterThan(launched.seq);
    const step = await world.step(run.id);
    const { sha256 } = step.output as { sha256: string };
    const results = await world.db.prisma.result.findMany({ where: { key: { in: [step.key, extra] } } });
    expect(results.map(({ kind, artifacts }) => ({ kind, artifacts }))).toEqual(
      expect.arrayContaining([
        { kind: 'work', artifacts: [sha256] },
        { kind: 'part', artifacts: [sha256] },
      ]),
    );
    expect(await world.db.prisma.artifact.findFirst({ where: { sha256 } })).toMatchObject({
      bytes: BigInt(name.length),
      mediaType: 'text/plain',
    });
    expect(await world.db.prisma.attempt.findMany({ where: { stepId: step.id } })).toMatchObject([
      { number: 1, outcome: 'SUCCEEDED', provider: 'cpu' },
    ]);
    expect(await world.db.prisma.outbox.count()).toBe(0);
  });

  it('shows nothing of a step whose own rows could not be written', async () => {
    const name = service();
    await world.worker({
      service: name,
      handlers: {
        work: () =>
          Promise.resolve({
            output: { n: 1 },
            commit: async (tx) => {
              await tx.artifact.create({ data: { sha256: name, bytes: 1, mediaType: 'text/plain' } });
              throw new Failure('PLAN_INVALID', 'refused late');
            },
          }),
      },
    });
    const run = await world.ended((await launch(name)).id);
    expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'PLAN_INVALID', step: 'a step' } });
    expect(await world.db.prisma.artifact.count({ where: { sha256: name } })).toBe(0);
    expect(await world.db.prisma.result.count({ where: { key: (await world.step(run.id)).key } })).toBe(0);
  });

  it('is the only one to get a step that several want', async () => {
    const name = service();
    const started: string[] = [];
    const handlers = { work: (({ step }) => (started.push(step.id), Promise.resolve({ output: {} }))) as StepHandler };
    const runs = await Promise.all(Array.from({ length: 6 }, () => launch(name)));
    // Every message twice, under ids that the bus can't know to be the same.
    for (const run of runs) {
      const { id } = await world.step(run.id);
      for (const copy of ['a', 'b']) {
        const message = { runId: run.id, stepId: id, attempt: 1 };
        await world.bus.publish(`jobs.${name}`, message, { id: `${id}:${copy}` });
      }
    }
    await Promise.all([1, 2, 3].map(() => world.worker({ service: name, handlers, concurrency: 4 })));
    await Promise.all(runs.map(({ id }) => world.ended(id)));
    expect(started).toHaveLength(6);
    expect(new Set(started).size).toBe(6);
  });

  it('does steps in the order of their dependencies, and what is independent at the same time', async () => {
    const name = service();
    const order: string[] = [];
    const both = gate();
    let running = 0;
    const handler: StepHandler = async ({ step }) => {
      if (step.name.startsWith('leaf')) {
        if ((running += 1) === 2) both.open();
        await both.promise;
      }
      order.push(step.name);
      return { output: { name: step.name } };
    };
    await world.worker({ service: name, handlers: { work: handler }, concurrency: 3 });
    const run = await launchRun(world.db, {
      kind: 'TEST',
      input: {},
      steps: [
        plan(name, { ref: 'top', name: 'top', dependsOn: ['middle'] }),
        plan(name, { ref: 'middle', name: 'middle', dependsOn: ['a', 'b'] }),
        plan(name, { ref: 'a', name: 'leaf a' }),
        plan(name, { ref: 'b', name: 'leaf b' }),
      ],
    });
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
    expect(order.slice(2)).toEqual(['middle', 'top']);
  });

  it('tries again what can succeed, and says after the last attempt why it did not', async () => {
    const name = service();
    let tries = 0;
    const handlers: Record<string, StepHandler> = {
      work: () =>
        (tries += 1) < 3 ? Promise.reject(new Failure('STORE_UNAVAILABLE', 'gone')) : Promise.resolve({ output: {} }),
      never: () => Promise.reject(new Failure('RUNTIME_CRASHED', 'once more')),
      refused: () => Promise.reject(new Failure('PLAN_INVALID', 'no', { where: 'here', fix: 'that' })),
    };
    await world.worker({ service: name, handlers, concurrency: 3 });
    const [good, bad, refused] = await Promise.all([
      launch(name),
      launch(name, { kind: 'never', maxAttempts: 2 }),
      launch(name, { kind: 'refused' }),
    ]);
    expect((await world.ended(good.id)).state).toBe('SUCCEEDED');
    expect((await world.step(good.id)).attempt).toBe(3);
    expect(await world.ended(bad.id)).toMatchObject({ state: 'FAILED', failure: { code: 'RUNTIME_CRASHED' } });
    expect((await world.step(bad.id)).attempt).toBe(2);
    expect(await world.ended(refused.id)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'PLAN_INVALID', message: 'no', where: 'here', fix: 'that', step: 'a step' },
    });
    expect((await world.step(refused.id)).attempt).toBe(1);
  });

  it('does not count the attempts that an absent store ended, up to a limit', async () => {
    const name = service();
    let tries = 0;
    const away = new Failure('STORE_UNAVAILABLE', 'away');
    const handlers: Record<string, StepHandler> = {
      work: () => ((tries += 1) <= 5 ? Promise.reject(away) : Promise.resolve({ output: {} })),
      never: () => Promise.reject(away),
    };
    await world.worker({ service: name, handlers, concurrency: 2, retryDelayMs: 1 });
    const [good, bad] = await Promise.all([
      launch(name, { maxAttempts: 1 }),
      launch(name, { kind: 'never', maxAttempts: 2 }),
    ]);
    expect((await world.ended(good.id)).state).toBe('SUCCEEDED');
    expect(await world.step(good.id)).toMatchObject({ attempt: 6, handedBack: 5 });
    expect(await world.ended(bad.id)).toMatchObject({ state: 'FAILED', failure: { code: 'STORE_UNAVAILABLE' } });
    expect(await world.step(bad.id)).toMatchObject({ attempt: 10, handedBack: 8 });
  });

  it('tells progress as it goes, each change with a higher number', async () => {
    const name = service();
    const events: number[] = [];
    const finish = gate();
    await world.worker({
      service: name,
      handlers: {
        work: async ({ progress }) => {
          for (let done = 0; done <= 5; done++) {
            progress({ done, total: 10, unit: 'images', message: done === 5 ? 'half\0way' : 'on' });
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          progress({ done: Number.NaN, total: Number.POSITIVE_INFINITY });
          await finish.promise;
          return { output: {} };
        },
      },
    });
    const unsubscribe = await world.bus.subscribe('events.run.*', (payload) =>
      events.push((payload as { seq: number }).seq),
    );
    const run = await launch(name);
    const step = await world.until(
      () => world.step(run.id),
      ({ message }) => message === 'half\uFFFDway',
    );
    expect(step).toMatchObject({ done: 5, total: 10, unit: 'images' });
    expect(step.ratePerSecond).toBeGreaterThan(0);
    expect(step.ratePerSecond).toBeLessThan(25);
    expect(step.etaSeconds).toBeCloseTo(5 / step.ratePerSecond!, 6);
    expect((await world.db.prisma.run.findUniqueOrThrow({ where: { id: run.id } })).state).toBe('RUNNING');
    finish.open();
    const ended = await world.ended(run.id);
    await world.until(
      () => Promise.resolve(events),
      (seen) => seen.at(-1) === ended.seq,
    );
    await unsubscribe();
    expect(events.length).toBeGreaterThan(4);
    expect(events).toEqual([...new Set(events)].sort((a, b) => a - b));
  });

  it('refuses output that JSON cannot carry', async () => {
    const name = service();
    await world.worker({
      service: name,
      handlers: { work: () => Promise.resolve({ output: { rmse: Number.NaN } }) },
    });
    const run = await world.ended((await launch(name)).id);
    expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'JSON_INVALID', where: '$.rmse' } });
  });

  it('fails a step of a kind that it does not know', async () => {
    const name = service();
    await world.worker({ service: name, handlers: {} });
    const run = await world.ended((await launch(name, { kind: 'toString', maxAttempts: 1 })).id);
    expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'STEP_KIND_UNKNOWN' } });
  });
}
