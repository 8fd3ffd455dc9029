import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open-database.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { openStore } from '../store/open-store.ts';
import { plan } from '../work/contract/world.ts';
import { claimAttempt } from '../work/claim-attempt.ts';
import { launchRun } from '../work/launch-run.ts';
import { succeedAttempt } from '../work/succeed-attempt.ts';
import { collectGarbage } from './collect-garbage.ts';

const DAY = 24 * 3600_000;

describe('collecting garbage', () => {
  let folder: string;
  let db: Database;
  let store: ArtifactStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-garbage-'));
    db = await openDatabase('pglite://:memory:');
    store = await openStore(`file://${folder}`);
  });
  afterEach(async () => {
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** An artifact of this text, stored so many days ago. */
  async function put(text: string, days = 60): Promise<string> {
    const { sha256 } = await store.put(Buffer.from(text));
    const at = new Date(Date.now() - days * DAY);
    await utimes(join(folder, 'sha256', sha256.slice(0, 2), sha256.slice(2)), at, at);
    return sha256;
  }

  async function left(artifacts: Record<string, string>): Promise<string[]> {
    const found = await Promise.all(
      Object.entries(artifacts).map(async ([n, sha]) => ((await store.has(sha)) ? n : '')),
    );
    return found.filter((name) => name !== '');
  }

  it('keeps whatever a model, a data set, a result, a run or a checkpoint refers to, and takes the rest', async () => {
    const names = [
      'model',
      'skeleton',
      'dataset',
      'manifest',
      'artifact',
      'nested',
      'asked',
      'waiting',
      'saved',
      'orphan',
    ];
    const of: Record<string, string> = {};
    for (const name of names) of[name] = await put(name);
    await db.prisma.model.create({
      data: {
        ...{ name: 'm', sha256: of.model!, preprocessKey: 'p', preprocess: {}, inspection: {} },
        skeletonSha256: of.skeleton!,
      },
    });
    const images = { images: 1, bytes: 1n, tasks: [], notes: [] };
    const data = { name: 'd', sha256: of.dataset!, manifestSha256: of.manifest!, ...images };
    await db.prisma.dataset.create({ data });
    const output = { deep: [{ sha256: of.nested! }] };
    await db.prisma.result.create({ data: { key: 'k', kind: 'K', output, artifacts: [of.artifact!] } });
    await db.prisma.checkpoint.create({ data: { key: 'c', sha256: of.saved!, position: {} } });
    const input = { network: of.waiting! };
    await launchRun(db, { kind: 'TEST', input: { upload: of.asked! }, steps: [plan('nobody', { input })] });

    const dry = await collectGarbage(db, store, { olderThanMs: 30 * DAY, dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, deleted: { count: 1, bytes: 6 }, kept: { count: 9 } });
    expect(await left(of)).toEqual(names);
    const report = await collectGarbage(db, store, { olderThanMs: 30 * DAY });
    expect({ ...report, dryRun: true }).toEqual(dry);
    expect(await left(of)).toEqual(names.slice(0, -1));
  });

  it('never takes what a running step wrote and has not committed yet', async () => {
    const run = await launchRun(db, { kind: 'TEST', input: {}, steps: [plan('busy')] });
    const step = await db.prisma.step.findFirstOrThrow({ where: { runId: run.id } });
    const message = { runId: run.id, stepId: step.id, attempt: 1 };
    const { claim } = await claimAttempt(db, message, { worker: 'w', leaseSeconds: 60 });
    // The same bytes lay there long before, from an attempt that failed.
    const old = await put('weights', 90);
    const { sha256 } = await store.put(Buffer.from('weights'));
    expect(sha256).toBe(old);
    const report = await collectGarbage(db, store, { olderThanMs: 3600_000 });
    expect(report).toMatchObject({ deleted: { count: 0 }, young: { count: 1, bytes: 7 } });
    const reference = { runId: run.id, stepId: step.id, token: claim!.token };
    const artifacts = [{ sha256, bytes: 7, mediaType: 'text/plain' }];
    await succeedAttempt(db, reference, { output: { sha256 }, artifacts });
    await put('weights', 90);
    expect(await collectGarbage(db, store, { olderThanMs: 3600_000 })).toMatchObject({ kept: { count: 1 } });
    expect(await store.has(sha256)).toBe(true);
  });

  it('spares what is put again while it collects', async () => {
    const sha256 = await put('wanted after all');
    const list = store.list.bind(store);
    store.list = async function* () {
      yield* list();
      await store.put(Buffer.from('wanted after all'));
    };
    await collectGarbage(db, store, { olderThanMs: DAY });
    expect(await store.has(sha256)).toBe(true);
  });

  it('lets go of checkpoints that nobody will go on from, and of old runs when asked to', async () => {
    const abandoned = await put('abandoned');
    const awaited = await put('awaited');
    const ofRun = await put('input of an old run');
    const key = 'awaited-key';
    await launchRun(db, { kind: 'TEST', input: {}, steps: [plan('nobody', { key })] });
    const old = await launchRun(db, { kind: 'TEST', input: { upload: ofRun }, steps: [plan('nobody')] });
    const long = new Date(Date.now() - 200 * DAY);
    await db.prisma.run.update({ where: { id: old.id }, data: { state: 'FAILED', endedAt: long } });
    await db.prisma.checkpoint.create({ data: { key: 'x', sha256: abandoned, position: {}, updatedAt: long } });
    await db.prisma.checkpoint.create({ data: { key, sha256: awaited, position: {}, updatedAt: long } });

    expect(await collectGarbage(db, store, { olderThanMs: 30 * DAY })).toMatchObject({ runs: 0, checkpoints: 1 });
    expect(await left({ abandoned, awaited, ofRun })).toEqual(['awaited', 'ofRun']);
    const options = { olderThanMs: 30 * DAY, runsOlderThanMs: 180 * DAY };
    const dry = await collectGarbage(db, store, { ...options, dryRun: true });
    expect(dry).toMatchObject({ runs: 1, checkpoints: 0, deleted: { count: 1 } });
    expect(await db.prisma.run.count()).toBe(2);
    await collectGarbage(db, store, options);
    expect(await left({ awaited, ofRun })).toEqual(['awaited']);
    expect(await db.prisma.run.findMany({ select: { id: true } })).not.toContainEqual({ id: old.id });
  });

  it('takes a removed model or data set once no run but its import refers to it, and what was uploaded for an import', async () => {
    const of: Record<string, string> = {};
    for (const name of ['free', 'used', 'shared', 'young', 'upload', 'images']) of[name] = await put(name);
    const gone = new Date(Date.now() - 40 * DAY);
    const model = (name: string, sha256: string, removedAt: Date | null) => {
      const rest = { preprocessKey: 'p', preprocess: {}, inspection: {}, skeletonSha256: sha256 };
      return db.prisma.model.create({ data: { name, sha256, removedAt, ...rest } });
    };
    const free = await model('free', of.free!, gone);
    const used = await model('used', of.used!, gone);
    await model('shared', of.shared!, gone);
    await model('other name', of.shared!, null);
    await model('young', of.young!, new Date());
    const images = { images: 1, bytes: 1n, tasks: [], notes: [], removedAt: gone };
    await db.prisma.dataset.create({ data: { name: 'd', sha256: of.images!, manifestSha256: of.images!, ...images } });
    const done = { state: 'SUCCEEDED', endedAt: gone };
    const input = { upload: of.upload! };
    await db.prisma.run.create({ data: { kind: 'IMPORT_MODEL', input, modelId: free.id, ...done } });
    await db.prisma.result.create({
      data: { key: 'i', kind: 'import-model', output: { sha256: of.free! }, artifacts: [of.free!] },
    });
    const analysis = await db.prisma.run.create({ data: { kind: 'ANALYSIS', input: {}, modelId: used.id, ...done } });

    const limits = { olderThanMs: 30 * DAY };
    const dry = await collectGarbage(db, store, { ...limits, dryRun: true });
    expect(dry).toMatchObject({ removed: 3, deleted: { count: 3 } });
    expect({ ...(await collectGarbage(db, store, limits)), dryRun: true }).toEqual(dry);
    expect(await left(of)).toEqual(['used', 'shared', 'young']);
    expect((await db.prisma.model.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)).toEqual([
      ...['other name', 'used', 'young'],
    ]);
    await db.prisma.run.delete({ where: { id: analysis.id } });
    await collectGarbage(db, store, limits);
    expect(await left(of)).toEqual(['shared', 'young']);
  });

  it('forgets events once nobody waits for them, with what receivers answered', async () => {
    const long = new Date(Date.now() - 40 * DAY);
    const hook = await db.prisma.webhook.create({ data: { url: 'https://example.org', secret: 'open:' } });
    const told = async (type: string, endedAt: Date | null) => {
      const event = await db.prisma.event.create({ data: { type, facts: {}, createdAt: long } });
      const state = endedAt === null ? 'PENDING' : 'DELIVERED';
      const times = { nextAttemptAt: long, createdAt: long, endedAt };
      const row = await db.prisma.delivery.create({ data: { webhookId: hook.id, eventId: event.id, state, ...times } });
      const attempt = { deliveryId: row.id, number: 1, startedAt: long, durationMs: 1 };
      await db.prisma.deliveryAttempt.create({ data: attempt });
    };
    await told('told', long);
    await told('told lately', new Date());
    await told('awaited', null);
    const limits = { olderThanMs: 30 * DAY };
    expect(await collectGarbage(db, store, { ...limits, dryRun: true })).toMatchObject({ events: 1 });
    expect(await collectGarbage(db, store, limits)).toMatchObject({ events: 1 });
    const left = await db.prisma.event.findMany({ orderBy: { position: 'asc' } });
    expect(left.map(({ type }) => type)).toEqual(['told lately', 'awaited']);
    expect(await db.prisma.deliveryAttempt.count()).toBe(2);
  });

  it('lets a project keep nothing because another one needs the same bytes', async () => {
    const sha256 = await put('shared');
    await db.prisma.project.create({ data: { id: 'other', name: 'other' } });
    const createdAt = new Date(Date.now() - 60 * DAY);
    const row = { sha256, bytes: 1n, mediaType: 'application/octet-stream', createdAt };
    await db.prisma.artifact.createMany({ data: [row, { ...row, projectId: 'other' }] });
    await db.prisma.result.create({
      data: { projectId: 'other', key: 'k', kind: 'extract', output: {}, artifacts: [sha256] },
    });
    await collectGarbage(db, store, { olderThanMs: 30 * DAY });
    expect(await store.has(sha256)).toBe(true);
    // As it would be if nobody else had it.
    expect(await db.prisma.artifact.findMany({ select: { projectId: true } })).toEqual([{ projectId: 'other' }]);
  });

  it('forgets who did what after its time, and not before', async () => {
    const entry = { principal: 'p', principalName: 'p', operation: 'launchPrune', outcome: 'OK' };
    const at = (days: number) => ({ ...entry, createdAt: new Date(Date.now() - days * DAY) });
    await db.prisma.audit.createMany({ data: [at(500), at(300)] });
    expect(await collectGarbage(db, store, { olderThanMs: 30 * DAY })).toMatchObject({ audit: 0 });
    const options = { olderThanMs: 30 * DAY, auditOlderThanMs: 400 * DAY };
    expect(await collectGarbage(db, store, { ...options, dryRun: true })).toMatchObject({ audit: 1 });
    expect(await db.prisma.audit.count()).toBe(2);
    expect(await collectGarbage(db, store, options)).toMatchObject({ audit: 1 });
    expect(await db.prisma.audit.count()).toBe(1);
  });

  it('forgets uploads whose addresses ended before the limit, completed or not', async () => {
    const row = (id: string, days: number) => ({
      ...{ id, principal: 'p', bytes: 1n, expiresAt: new Date(Date.now() - days * DAY) },
    });
    await db.prisma.upload.createMany({ data: [row('old', 40), { ...row('done', 40), sha256: 'x' }, row('new', 20)] });
    await collectGarbage(db, store, { olderThanMs: 30 * DAY, dryRun: true });
    expect(await db.prisma.upload.count()).toBe(3);
    await collectGarbage(db, store, { olderThanMs: 30 * DAY });
    expect(await db.prisma.upload.findMany({ select: { id: true } })).toEqual([{ id: 'new' }]);
  });

  it('refuses an age that could take what a step is about to refer to', async () => {
    await expect(collectGarbage(db, store, { olderThanMs: 60_000 })).rejects.toMatchObject({
      code: 'RETENTION_INVALID',
    });
  });
});
