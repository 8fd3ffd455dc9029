// Compiles every assembly/NAME.ts to src/lasso/generated/NAME.wasm. Files in folders under assembly/ are imported by those.
// SIMD is on; relaxed SIMD is not, because Node 20 hides it behind a flag and its results differ between machines.
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import asc from 'assemblyscript/asc';

const here = import.meta.dirname;
const out = join(here, 'src', 'lasso', 'generated');
mkdirSync(out, { recursive: true });

const sources = readdirSync(join(here, 'assembly')).filter((file) => file.endsWith('.ts'));
for (const source of sources) {
  const target = join(out, `${basename(source, '.ts')}.wasm`);
  const { error, stderr } = await asc.main([
    ...[join('assembly', source), '--baseDir', here, '--outFile', target],
    ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exitCode = 1;
  }
}
