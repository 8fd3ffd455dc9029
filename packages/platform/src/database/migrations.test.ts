import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { expect, it } from 'vitest';
import { applyMigrations, type SqlSession } from './migrations.ts';

const ALL = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

it('runs of before have their plan in one place, and say what they are about', async () => {
  const engine = await PGlite.create();
  const early = await mkdtemp(join(tmpdir(), 'kneepoint-migrations-'));
  const session: SqlSession = {
    query: async (sql, parameters) => (await engine.query<Record<string, unknown>>(sql, [...(parameters ?? [])])).rows,
    script: async (sql) => void (await engine.exec(sql)),
  };
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
