import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { expect, it } from 'vitest';
import { applyMigrations, type SqlSession } from './migrations.ts';

const ALL = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

const sessionOf = (engine: PGlite): SqlSession => ({
  query: async (sql, parameters) => (await engine.query<Record<string, unknown>>(sql, [...(parameters ?? [])])).rows,
  script: async (sql) => void (await engine.exec(sql)),
});

it('runs of before are counted, and what comes and goes after that, for each project', async () => {
  const engine = await PGlite.create();
  const early = await mkdtemp(join(tmpdir(), 'kneepoint-migrations-'));
  const session = sessionOf(engine);
  const counts = async (): Promise<unknown> =>
    Object.fromEntries(
      (await session.query('SELECT id, run_count FROM project')).map(({ id, run_count: count }) => [id, count]),
    );
  try {
    for (const name of await readdir(ALL)) {
      if (name < '0014') await cp(join(ALL, name), join(early, name), { recursive: true });
    }
    await applyMigrations(session, early);
    await engine.exec(`INSERT INTO project (id, name) VALUES ('other', 'other'), ('none', 'none');
      INSERT INTO run (id, project_id, kind, input) VALUES ('a', 'default', 'PRUNE', '{}'), ('b', 'other', 'PRUNE', '{}')`);
    await applyMigrations(session);
    expect(await counts()).toEqual({ default: 1, other: 1, none: 0 });
    await engine.exec(`INSERT INTO run (id, project_id, kind, input)
      SELECT 'n' || n, CASE WHEN n % 3 = 0 THEN 'default' ELSE 'other' END, 'PRUNE', '{}' FROM generate_series(1, 6) n`);
    expect(await counts()).toEqual({ default: 3, other: 5, none: 0 });
    await engine.exec(`BEGIN; INSERT INTO run (id, kind, input) VALUES ('never', 'PRUNE', '{}'); ROLLBACK`);
    await engine.exec(
      `UPDATE run SET state = 'FAILED'; DELETE FROM run WHERE id IN ('a', 'n1', 'n2', 'n3', 'not one')`,
    );
    expect(await counts()).toEqual({ default: 1, other: 3, none: 0 });
  } finally {
    await engine.close();
    await rm(early, { recursive: true, force: true });
  }
});

it('runs of before have their plan in one place, and say what they are about', async () => {
  const engine = await PGlite.create();
  const early = await mkdtemp(join(tmpdir(), 'kneepoint-migrations-'));
  const session = sessionOf(engine);
  try {
    for (const name of await readdir(ALL)) {
      if (name < '0008') await cp(join(ALL, name), join(early, name), { recursive: true });
    }
    await applyMigrations(session, early);
    await engine.exec(`INSERT INTO dataset (id, name, sha256, bytes, manifest_sha256, images, tasks, notes)
      VALUES ('d', 'faces', 's', 1, 'm', 1, '[{"name": "yaw"}, {"name": "age"}]', '[]')`);
    const rows: [id: string, kind: string, input: object][] = [
      ['a', 'PRUNE', { model: 'm', task: 'yaw', epsilons: [0.1], criterion: 'damage' }],
      ['b', 'COMPRESSION', { model: 'm', task: null, tasks: ['yaw', 'age'], training: { epochs: 1 } }],
      ['c', 'ANALYSIS', { model: 'm' }],
      ['d', 'FINETUNE', { tasks: ['age'], layer: 'conv1' }],
      ['e', 'IMPORT_MODEL', { name: 'net', path: '/net.onnx' }],
    ];
    for (const [id, kind, input] of rows) {
      await engine.query('INSERT INTO run (id, kind, input, dataset_id) VALUES ($1, $2, $3, $4)', [
        ...[id, kind, input],
        kind === 'IMPORT_MODEL' ? null : 'd',
      ]);
    }
    await applyMigrations(session);
    expect(await session.query('SELECT id, input, tasks, labels, name, metadata FROM run ORDER BY id')).toEqual(
      [
        [{ model: 'm', epsilons: [0.1], plan: { task: 'yaw', criterion: 'damage' } }, ['yaw']],
        [{ model: 'm', training: { epochs: 1 }, plan: { task: null, tasks: ['yaw', 'age'] } }, ['yaw', 'age']],
        [{ model: 'm' }, ['yaw', 'age']],
        [{ tasks: ['age'], layer: 'conv1' }, ['age']],
        [{ name: 'net', path: '/net.onnx' }, []],
      ].map(([input, tasks], at) => ({ id: rows[at]![0], input, tasks, labels: [], name: null, metadata: null })),
    );
  } finally {
    await engine.close();
    await rm(early, { recursive: true, force: true });
  }
});
