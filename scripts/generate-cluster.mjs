// Keeps an empty PGlite database, of which every new one begins as a copy: initdb in WebAssembly takes seconds. Run by scripts/generate.mjs.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { place } from '../packages/platform/src/database/cluster/place.mjs';

const file = place();
const folder = dirname(file);
if (!existsSync(file)) {
  mkdirSync(folder, { recursive: true });
  // Those of other versions.
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  const engine = await PGlite.create();
  const cluster = await engine.dumpDataDir('gzip');
  writeFileSync(file, Buffer.from(await cluster.arrayBuffer()));
  await engine.close();
}
