// What is generated and not in the repository: the Prisma client from the schema, the documents of packages/client from the API's,
// WebAssembly from AssemblyScript, the empty database of which embedded ones begin as copies. Runs as npm's `prepare`, so a fresh `npm ci`
// is ready to use.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };

if (!existsSync(join(bin, 'asc'))) {
  console.log('generate: development packages are not installed, nothing to do');
  process.exit(0);
}

const steps = [
  ['WebAssembly kernels', process.execPath, ['packages/regression/build-wasm.mjs'], root],
  ['types of the API', process.execPath, ['scripts/generate-client.mjs'], root],
  ['Prisma client', process.execPath, ['scripts/generate-prisma.mjs'], root],
  ['empty database', process.execPath, ['scripts/generate-cluster.mjs'], root],
  ['start-up bundle', process.execPath, ['scripts/bundle.mjs'], root],
  ['page', process.execPath, ['scripts/bundle-page.mjs'], root],
];

for (const [what, command, args, cwd] of steps) {
  const started = performance.now();
  try {
    execFileSync(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(`generate: ${what} failed\n${error.stdout ?? ''}${error.stderr ?? error.message}\n`);
    process.exit(1);
  }
  console.log(`generate: ${what} (${Math.round(performance.now() - started)} ms)`);
}
