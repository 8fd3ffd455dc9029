// Writes the Prisma client from prisma/schema.prisma to packages/platform/src/database/generated.
// Run by scripts/generate.mjs; alone: `node scripts/generate-prisma.mjs`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const environment = {
  ...process.env,
  // `generate` downloads a schema engine that it never calls; any file that exists keeps it from asking the network.
  PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  CHECKPOINT_DISABLE: '1',
};

execFileSync(
  process.execPath,
  [join(root, 'node_modules', 'prisma', 'build', 'index.js'), 'generate', '--schema', join('prisma', 'schema.prisma')],
  { cwd: root, env: environment, stdio: 'inherit' },
);
