import { PGlite } from '@electric-sql/pglite';
import { expect, it } from 'vitest';
import { freshCluster } from './fresh-cluster.ts';

it('is there after an installation, empty, and of the version of PGlite that opens it', async () => {
  const engine = await PGlite.create({ loadDataDir: (await freshCluster())! });
  const { rows } = await engine.query("SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'");
  expect(rows).toEqual([{ tables: 0 }]);
  await engine.close();
});
