// Prints the SQL that leads from the migrations to prisma/schema.prisma: the body of the next migration, or nothing.
// Prisma's own diff, in its WebAssembly form on an in-memory PGlite, so that it needs no network and no server.
//   node scripts/prisma-diff.mjs > prisma/migrations/0002_NAME/migration.sql
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(join(root, 'packages', 'platform', 'package.json'));
const { PGlite } = require('@electric-sql/pglite');
const { PrismaPGlite } = require('pglite-prisma-adapter');
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');

const migrations = join(root, 'prisma', 'migrations');
const database = new PGlite();
for (const entry of readdirSync(migrations, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
  if (entry.isDirectory()) await database.exec(readFileSync(join(migrations, entry.name, 'migration.sql'), 'utf8'));
}

const SchemaEngine = await loadSchemaEngine();
const path = join('prisma', 'schema.prisma');
const content = readFileSync(join(root, path), 'utf8');
const engine = await SchemaEngine.new(
  { datamodels: [[path, content]] },
  () => {},
  bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(database)),
);
const difference = await engine.diff({
  from: { tag: 'schemaDatasource', files: [{ path, content }], configDir: join(root, 'prisma') },
  to: { tag: 'schemaDatamodel', files: [{ path, content }] },
  script: true,
  exitCode: null,
  shadowDatabaseUrl: null,
  filters: { externalTables: [], externalEnums: [] },
});
const sql = (difference.stdout ?? '').trim();
if (sql !== '-- This is an empty migration.') console.log(sql);
await database.close();

/** The package is made for bundlers: its WebAssembly has to be bound to its glue by hand under Node. */
async function loadSchemaEngine() {
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm'));
  const glue = await import(pathToFileURL(join(folder, 'schema_engine_bg.js')).href);
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': glue,
  });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}
