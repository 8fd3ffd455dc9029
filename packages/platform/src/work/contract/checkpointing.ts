import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { cancelRun } from '../cancel-run.ts';
import { contentKey } from '../content-key.ts';
import { launchRun } from '../launch-run.ts';
import type { StepContext, StepHandler } from '../step-handler.ts';
import { gate, plan, type World } from './world.ts';

export function checkpointing(world: World): void {
  let services = 0;
  const service = (): string => `saving-${(services += 1)}`;
  const launch = (name: string, key = contentKey('saving', 1, name)) =>
    launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan(name, { key })] });
  const row = (name: string) => world.db.prisma.checkpoint.findFirst({ where: { key: contentKey('saving', 1, name) } });
  const file = async (context: StepContext, text: string, position: object): Promise<void> => {
    const path = join(tmpdir(), `kneepoint-checkpoint-${randomBytes(8).toString('hex')}`);
    await writeFile(path, text);
    await context.checkpoint.save(path, position).finally(() => rm(path));
  };

  beforeAll(async () => {
    await world.renew();
    world.dispatch();
  });

  it('finds in the next attempt what the last one saved, and leaves nothing when it is done', async () => {
    const name = service();
    const found: unknown[] = [];
    const files: string[] = [];
    const handler: StepHandler = async (context) => {
      const { step, store, checkpoint } = context;
      const saved = await checkpoint.load();
      found.push(saved?.position, saved && new TextDecoder().decode(await store.read(saved.sha256)));
      for (const epoch of [1, 2]) {
        await file(context, `${name} ${step.attempt} ${epoch}`, { epoch });
        files.push((await row(name))!.sha256);
      }
      if (step.attempt === 1) throw new Failure('STORE_UNAVAILABLE', 'away for a moment');
      return { output: {} };
    };
    await world.worker({ service: name, handlers: { work: handler } });
    const run = await world.ended((await launch(name)).id);
    expect(run.state).toBe('SUCCEEDED');
    expect(found).toEqual([undefined, undefined, { epoch: 2 }, `${name} 1 2`]);
    expect(await row(name)).toBeNull();
    expect(new Set(files).size).toBe(4);
    await world.until(
      () => Promise.all(files.map((sha256) => world.store.has(sha256))),
      (there) => there.every((one) => !one),
    );
    const result = await world.db.prisma.result.findFirstOrThrow({ where: { key: contentKey('saving', 1, name) } });
    expect(result.artifacts).toEqual([]);
  });

  it('finds in another run what a canceled one saved, and tells watchers of each save', async () => {
    const name = service();
    const saved = gate();
    const found: unknown[] = [];
    const events: number[] = [];
    const handler: StepHandler = async (context) => {
      const before = await context.checkpoint.load();
      found.push(before?.position);
      if (before) return { output: {} };
      await file(context, name, { epoch: 7 });
      saved.open();
      return new Promise((_resolve, reject) =>
        context.signal.addEventListener('abort', () => reject(new Error('stopped'))),
      );
    };
    await world.worker({ service: name, handlers: { work: handler }, leaseSeconds: 1 });
    const first = await launch(name);
    const unsubscribe = await world.bus.subscribe(`events.run.${first.id}`, (payload) =>
      events.push((payload as { seq: number }).seq),
    );
    await saved.promise;
    const { seq } = await world.db.prisma.run.findUniqueOrThrow({ where: { id: first.id } });
    await world.until(
      () => Promise.resolve(events),
      (seen) => seen.includes(seq),
    );
    await cancelRun(world.db, world.bus, first.id);
    expect((await world.ended(first.id)).state).toBe('CANCELED');
    expect((await world.ended((await launch(name)).id)).state).toBe('SUCCEEDED');
    expect(found).toEqual([undefined, { epoch: 7 }]);
    await unsubscribe();
  });

  it('is not overwritten by an attempt that has lost its step', async () => {
    const name = service();
    const begun = gate();
    const taken = gate();
    const refused = gate<unknown>();
    const handler: StepHandler = async (context) => {
      await file(context, `${name} good`, { good: true });
      begun.open();
      await taken.promise;
      await file(context, `${name} stale`, { good: false }).catch(refused.open);
      throw new Error(String(context.signal.reason));
    };
    await world.worker({ service: name, handlers: { work: handler } });
    const run = await launch(name);
    await begun.promise;
    await world.db.prisma.step.updateMany({ where: { runId: run.id }, data: { token: 'another' } });
    const good = (await row(name))!;
    taken.open();
    expect(await refused.promise).toMatchObject({ code: 'CHECKPOINT_NOT_WRITTEN' });
    expect(await row(name)).toEqual(good);
    expect(await world.store.has(good.sha256)).toBe(true);
  });

  it('that cannot be stored is CHECKPOINT_NOT_WRITTEN, which is tried again, and the one before stays', async () => {
    const name = service();
    let full = false;
    const store = new Proxy(world.store, {
      get(target, member: keyof ArtifactStore) {
        const value = target[member].bind(target) as unknown;
        if (member !== 'put' || !full) return value;
        return () => Promise.reject(new Failure('STORE_FULL', 'no space left'));
      },
    });
    const handler: StepHandler = async (context) => {
      if (context.step.attempt === 1) await file(context, name, { epoch: 1 });
      else full = false;
      const before = (await context.checkpoint.load())!;
      if (context.step.attempt === 1) full = true;
      await file(context, `${name} ${context.step.attempt}`, { epoch: 2 });
      return { output: { before: before.position } };
    };
    await world.worker({ service: name, handlers: { work: handler }, store });
    const run = await launch(name);
    expect((await world.ended(run.id)).state).toBe('SUCCEEDED');
    const step = await world.step(run.id);
    expect(step.output).toEqual({ before: { epoch: 1 } });
    const attempts = await world.db.prisma.attempt.findMany({ where: { stepId: step.id }, orderBy: { number: 'asc' } });
    expect(attempts).toMatchObject([
      { outcome: 'FAILED', failure: { code: 'CHECKPOINT_NOT_WRITTEN' } },
      { outcome: 'SUCCEEDED' },
    ]);
  });

  it('whose file is gone is as if there were none', async () => {
    const name = service();
    const key = contentKey('saving', 1, name);
    await world.db.prisma.checkpoint.create({ data: { key, sha256: '0'.repeat(64), position: {} } });
    const handler: StepHandler = async ({ checkpoint }) => ({
      output: { found: (await checkpoint.load()) !== undefined },
    });
    await world.worker({ service: name, handlers: { work: handler } });
    const run = await launch(name);
    await world.ended(run.id);
    expect((await world.step(run.id)).output).toEqual({ found: false });
  });
}
