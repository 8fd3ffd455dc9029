import { beforeAll, expect, it } from 'vitest';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentKey } from '../content-key.ts';
import { launchRun } from '../launch-run.ts';
import type { StepHandler } from '../step-handler.ts';
import { plan, type World } from './world.ts';

const PROJECTS = ['ours', 'theirs'] as const;

export function tenancy(world: World): void {
  const key = contentKey('tenancy', 1, 'the same work');
  const part = contentKey('tenancy', 1, 'a part of it');
  const launch = (project: string, service: string, overrides: Parameters<typeof plan>[1] = {}) =>
    launchRun(world.db.forProject(project), {
      ...{ kind: 'TEST', input: {}, createdBy: `ann of ${project}` },
      steps: [plan(service, { key, ...overrides })],
    });

  beforeAll(async () => {
    await world.renew();
    world.dispatch();
    for (const id of PROJECTS) await world.db.prisma.project.create({ data: { id, name: id } });
  });

  it('does the same work anew for each project, and finds it done within one', async () => {
    const seen: Record<string, number[]> = { ours: [], theirs: [] };
    const handler: StepHandler = async ({ run, db, store }) => {
      const { prisma } = db;
      seen[run.projectId]!.push(await prisma.run.count(), await prisma.result.count(), await prisma.artifact.count());
      const { sha256 } = await store.put(new TextEncoder().encode('the same bytes'));
      return { output: { sha256, of: run.projectId }, results: [{ key: part, kind: 'part', output: {} }] };
    };
    await world.worker({ service: 'tenants', handlers: { work: handler } });
    for (const project of PROJECTS) {
      const { id } = await launch(project, 'tenants');
      expect(await world.ended(id)).toMatchObject({
        ...{ state: 'SUCCEEDED', reused: false, projectId: project, createdBy: `ann of ${project}` },
      });
      expect((await world.step(id)).output).toMatchObject({ of: project });
    }
    // Each saw its own run, and nothing of the other's: neither results nor a right to the bytes.
    expect(seen).toEqual({ ours: [1, 0, 0], theirs: [1, 0, 0] });
    for (const project of PROJECTS) {
      expect(await launch(project, 'tenants')).toMatchObject({ state: 'SUCCEEDED', reused: true });
      const { prisma } = world.db.forProject(project);
      expect([await prisma.result.count(), await prisma.artifact.count()]).toEqual([2, 1]);
    }
  });

  it('goes on from no checkpoint of another project, nor takes that one’s file away', async () => {
    const loaded: unknown[] = [];
    const checkpointed = contentKey('tenancy', 1, 'long work');
    const handler: StepHandler = async ({ run, checkpoint }) => {
      loaded.push((await checkpoint.load())?.position);
      const path = join(tmpdir(), `kneepoint-tenancy-${run.id}`);
      await writeFile(path, 'equal work leaves equal files');
      await checkpoint.save(path, { of: run.projectId });
      await rm(path);
      if (loaded.length === 2) return { output: {} };
      if (loaded.length < 3) throw new Error('it died');
      return { output: {} };
    };
    await world.worker({ service: 'savers', handlers: { work: handler } });
    for (const project of ['theirs', 'ours', 'theirs']) {
      await world.ended((await launch(project, 'savers', { key: checkpointed, maxAttempts: 1 })).id);
    }
    expect(loaded).toEqual([undefined, undefined, { of: 'theirs' }]);
  });
}
