import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { contentKey } from '../content-key.ts';
import { launchRun } from '../launch-run.ts';
import { retryRun } from '../retry-run.ts';
import type { StepHandler } from '../step-handler.ts';
import { plan, type World } from './world.ts';

export function launching(world: World): void {
  beforeAll(async () => {
    await world.renew();
  });

  it('writes the run, its steps and the messages of those that can start', async () => {
    const run = await launchRun(world.db, {
      kind: 'TEST',
      input: { of: 'it' },
      steps: [
        plan('first', { ref: 'a', name: 'A\0B', input: { name: '\ud800' } }),
        plan('first', { ref: 'b' }),
        plan('second', { ref: 'c', dependsOn: ['a', 'b', 'a'] }),
      ],
    });
    expect(run).toMatchObject({ state: 'QUEUED', seq: 1, reused: false, input: { of: 'it' }, endedAt: null });
    const steps = await world.steps(run.id);
    expect(steps.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['QUEUED', 1],
      ['QUEUED', 1],
      ['WAITING', 0],
    ]);
    expect(steps[0]).toMatchObject({ name: 'A\uFFFDB', input: { name: '\uFFFD' } });
    const outbox = await world.db.prisma.outbox.findMany({ orderBy: { id: 'asc' } });
    expect(outbox.map(({ subject, messageId, payload }) => ({ subject, messageId, payload }))).toEqual(
      steps.slice(0, 2).map(({ id }) => ({
        subject: 'jobs.first',
        messageId: `${id}:1`,
        payload: { runId: run.id, stepId: id, attempt: 1 },
      })),
    );
  });

  it('does no work for steps whose result is known, and says so', async () => {
    const [known, other, third] = [1, 2, 3].map(() => contentKey('test', 1, randomUUID())) as [string, string, string];
    await world.db.prisma.result.createMany({
      data: [known, other].map((key, index) => ({ key, kind: 'work', output: { index } })),
    });
    const steps = [
      plan('reuse', { ref: 'a', key: known }),
      plan('reuse', { ref: 'b', key: other, dependsOn: ['a'] }),
      plan('reuse', { ref: 'c', key: third, dependsOn: ['b'] }),
    ];
    const part = await launchRun(world.db, { kind: 'TEST', input: {}, steps });
    expect(part).toMatchObject({ state: 'QUEUED', reused: false });
    expect((await world.steps(part.id)).map(({ state, reused, output }) => ({ state, reused, output }))).toEqual([
      { state: 'SUCCEEDED', reused: true, output: { index: 0 } },
      { state: 'SUCCEEDED', reused: true, output: { index: 1 } },
      { state: 'QUEUED', reused: false, output: null },
    ]);
    const whole = await launchRun(world.db, { kind: 'TEST', input: {}, steps: steps.slice(0, 2) });
    expect(whole).toMatchObject({ state: 'SUCCEEDED', reused: true, seq: 1 });
    expect(whole.endedAt).not.toBeNull();
  });

  it('gives the same run for the same idempotency key, and refuses the key for another request', async () => {
    const idempotencyKey = randomUUID();
    const request = { kind: 'TEST', input: { b: 1, a: [2] }, idempotencyKey };
    const launches = await Promise.all(
      [1, 2, 3].map(() => launchRun(world.db, { ...request, input: { a: [2], b: 1 }, steps: [plan('same')] })),
    );
    expect(new Set(launches.map(({ id }) => id)).size).toBe(1);
    expect(await world.db.prisma.step.count({ where: { service: 'same' } })).toBe(1);
    await expect(launchRun(world.db, { ...request, input: { b: 2 }, steps: [plan('same')] })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('leaves nothing behind when it is refused', async () => {
    const before = await world.db.prisma.run.count();
    const steps = [plan('refused', { input: { at: Number.POSITIVE_INFINITY } })];
    await expect(launchRun(world.db, { kind: 'TEST', input: {}, steps })).rejects.toMatchObject({
      code: 'JSON_INVALID',
    });
    expect(await world.db.prisma.run.count()).toBe(before);
  });

  it('retries only what did not succeed', async () => {
    world.dispatch();
    let broken = true;
    const done: string[] = [];
    const handler: StepHandler = ({ step }) => {
      if (broken && step.name === 'second') return Promise.reject(new Error('broken'));
      done.push(step.name);
      return Promise.resolve({ output: {} });
    };
    await world.worker({ service: 'retry', handlers: { work: handler } });
    const run = await launchRun(world.db, {
      kind: 'TEST',
      input: { x: 1 },
      steps: [
        plan('retry', { ref: 'a', name: 'first' }),
        plan('retry', { ref: 'b', name: 'second', dependsOn: ['a'], maxAttempts: 1 }),
      ],
    });
    await expect(retryRun(world.db, run.id)).rejects.toMatchObject({ code: 'RUN_NOT_RETRYABLE' });
    expect((await world.ended(run.id)).state).toBe('FAILED');
    broken = false;
    const retried = await retryRun(world.db, run.id);
    expect(retried.id).not.toBe(run.id);
    expect(await world.ended(retried.id)).toMatchObject({ state: 'SUCCEEDED', reused: false, input: { x: 1 } });
    expect(done).toEqual(['first', 'second']);
    expect((await world.steps(retried.id)).map(({ reused }) => reused)).toEqual([true, false]);
    await expect(retryRun(world.db, retried.id)).rejects.toMatchObject({ code: 'RUN_NOT_RETRYABLE' });
    await expect(retryRun(world.db, 'nothing')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('does the same step of two runs once when the second gets to it later', async () => {
    const key = contentKey('test', 1, randomUUID());
    let count = 0;
    const steps = [plan('twice', { key })];
    const runs = [];
    for (let n = 0; n < 3; n++) runs.push(await launchRun(world.db, { kind: 'TEST', input: {}, steps }));
    await world.worker({
      service: 'twice',
      handlers: { work: () => Promise.resolve({ output: { count: (count += 1) } }) },
    });
    const ended = await Promise.all(runs.map(({ id }) => world.ended(id)));
    expect(count).toBe(1);
    expect(ended.map(({ reused }) => reused)).toEqual([false, true, true]);
    expect((await world.step(runs[2]!.id)).output).toEqual({ count: 1 });
  });
}
