import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { Prisma } from './generated/client.ts';
import { openDatabase } from './open-database.ts';

describe('a database that is bound to a project', () => {
  let db: Database;
  let ours: Database;
  let theirs: Database;
  beforeAll(async () => {
    db = await openDatabase('pglite://:memory:');
    for (const id of ['ours', 'theirs']) await db.prisma.project.create({ data: { id, name: id } });
    ours = db.forProject('ours');
    theirs = db.forProject('theirs');
  });
  afterAll(() => db.close());

  const result = (key: string, output: object) => ({ key, kind: 'K', output });
  const run = (name: string) => ({ kind: name, input: {} });

  it('makes rows of its own, and sees no others, by whatever it asks', async () => {
    const { id } = await theirs.prisma.run.create({ data: run('THEIRS') });
    await ours.prisma.run.create({ data: run('OURS') });
    expect(await db.prisma.run.findUnique({ where: { id } })).toMatchObject({ projectId: 'theirs' });
    const { run: table } = ours.prisma;
    expect(await table.findUnique({ where: { id } })).toBeNull();
    expect(await table.findFirst({ where: { OR: [{ id }, { kind: 'THEIRS' }] } })).toBeNull();
    expect(await table.findMany({ where: { projectId: 'theirs' } })).toEqual([]);
    expect(await table.findMany({ where: { AND: { kind: 'THEIRS' } } })).toEqual([]);
    expect(await table.findMany()).toHaveLength(1);
    expect(await table.count()).toBe(1);
    expect(await table.aggregate({ _count: true })).toEqual({ _count: 1 });
    expect(await table.groupBy({ by: ['kind'] })).toEqual([{ kind: 'OURS' }]);
    await expect(table.findUniqueOrThrow({ where: { id } })).rejects.toMatchObject({ code: 'P2025' });
  });

  it('changes and deletes no others', async () => {
    const { id } = await theirs.prisma.run.create({ data: run('KEPT') });
    await expect(ours.prisma.run.update({ where: { id }, data: { kind: 'X' } })).rejects.toMatchObject({
      code: 'P2025',
    });
    await expect(ours.prisma.run.delete({ where: { id } })).rejects.toMatchObject({ code: 'P2025' });
    expect(await ours.prisma.run.updateMany({ where: { id }, data: { kind: 'X' } })).toEqual({ count: 0 });
    expect(await ours.prisma.run.deleteMany({ where: { kind: 'KEPT' } })).toEqual({ count: 0 });
    expect(await theirs.prisma.run.findUnique({ where: { id } })).toMatchObject({ kind: 'KEPT' });
  });

  it('cannot be talked into rows of another', async () => {
    await ours.prisma.run.create({ data: { ...run('TALKED'), projectId: 'theirs' } });
    await ours.prisma.result.createMany({ data: [{ ...result('talked', {}), projectId: 'theirs' }] });
    expect(await db.prisma.run.findFirst({ where: { kind: 'TALKED' } })).toMatchObject({ projectId: 'ours' });
    expect(await db.prisma.result.findFirst({ where: { key: 'talked' } })).toMatchObject({ projectId: 'ours' });
  });

  it('has results of its own under a key that another has too', async () => {
    await theirs.prisma.result.create({ data: result('same', { of: 'theirs' }) });
    expect(await ours.prisma.result.findMany({ where: { key: { in: ['same'] } } })).toEqual([]);
    await ours.prisma.result.createMany({ data: [result('same', { of: 'ours' })], skipDuplicates: true });
    expect(await theirs.prisma.result.findFirst({ where: { key: 'same' } })).toMatchObject({
      output: { of: 'theirs' },
    });
    const where = { projectId_key: { projectId: 'theirs', key: 'same' } };
    expect(await ours.prisma.result.findUnique({ where })).toBeNull();
  });

  it('puts in or changes only its own', async () => {
    const where = { projectId_key: { projectId: 'theirs', key: 'step' } };
    const create = { projectId: 'theirs', key: 'step', sha256: 'a', position: {} };
    await theirs.prisma.checkpoint.upsert({ where, create, update: {} });
    await ours.prisma.checkpoint.upsert({ where, create: { ...create, sha256: 'b' }, update: { sha256: 'b' } });
    const rows = await db.prisma.checkpoint.findMany({ where: { key: 'step' }, orderBy: { sha256: 'asc' } });
    expect(rows.map(({ projectId, sha256 }) => [projectId, sha256])).toEqual([
      ['theirs', 'a'],
      ['ours', 'b'],
    ]);
  });

  it('is as confined in a transaction, and sees steps and attempts of its own runs alone', async () => {
    const step = { kind: 'K', service: 's', name: 'n', position: 0, key: 'k', input: {} };
    const made = await theirs.prisma.run.create({ data: run('STEPS') });
    const { id: stepId } = await theirs.transaction((tx) =>
      tx.step.create({
        data: { ...step, runId: made.id, attempts: { create: { number: 1, token: 't', worker: 'w' } } },
      }),
    );
    await ours.transaction(async (tx) => {
      expect(await tx.run.findUnique({ where: { id: made.id } })).toBeNull();
      expect(await tx.step.findMany({ where: { runId: made.id } })).toEqual([]);
      expect(await tx.attempt.findMany({ where: { stepId } })).toEqual([]);
      expect(await tx.project.findMany({ select: { id: true } })).toEqual([{ id: 'ours' }]);
    });
    expect(await theirs.prisma.attempt.findMany({ where: { stepId } })).toHaveLength(1);
  });

  it('refuses plain SQL on a table of projects that names no project', async () => {
    const { prisma } = ours;
    await expect(prisma.$queryRaw`SELECT id FROM run`).rejects.toThrow('without naming the project');
    await expect(prisma.$executeRaw`UPDATE "public"."model" SET name = 'x'`).rejects.toThrow('"model"');
    await expect(prisma.$queryRaw(Prisma.sql`SELECT 1 FROM step JOIN result ON true`)).rejects.toThrow('"step"');
    await expect(prisma.$queryRawUnsafe('DELETE FROM artifact')).rejects.toThrow('"artifact"');
    await expect(ours.transaction((tx) => tx.$queryRaw`SELECT id FROM dataset`)).rejects.toThrow('"dataset"');
    expect(await prisma.$queryRaw`SELECT count(*)::int AS n FROM run WHERE project_id = ${'none'}`).toEqual([{ n: 0 }]);
    expect(await prisma.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});
