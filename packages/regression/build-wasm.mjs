// Compiles every assembly/NAME.ts to src/lasso/generated/NAME.wasm (files under assembly/shared are parts of those).
// Plain SIMD only: the relaxed instructions would need a flag on Node 20.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(fileURLToPath(import.meta.url));
const source = join(root, 'assembly');
const generated = join(root, 'src', 'lasso', 'generated');
mkdirSync(generated, { recursive: true });

const entries = readdirSync(source).filter((name) => name.endsWith('.ts'));
for (const entry of entries) {
  const name = entry.replace(/\.ts$/, '');
  let wasm;
  const { error, stderr } = await asc
    .main(
      [
        entry,
        '--outFile',
        `${name}.wasm`,
        '--optimizeLevel',
        '3',
        '--noAssert',
        '--runtime',
        'stub',
        '--use',
        'abort=',
        '--enable',
        'simd',
      ],
      {
        readFile: (file, base) => read(join(base, file)),
        listFiles: () => [],
        writeFile: (file, contents) => {
          if (file.endsWith('.wasm')) wasm = contents;
        },
      },
    )
    .catch((cause) => ({ error: cause, stderr: '' }));
  if (error || !wasm) {
    process.stderr.write(`${entry}: ${error?.message ?? 'nothing was compiled'}\n${stderr.toString()}`);
    process.exit(1);
  }
  // A rename is atomic, so a process that loads the kernel meanwhile gets the old one or the new one, whole.
  const target = join(generated, `${name}.wasm`);
  writeFileSync(`${target}.${process.pid}`, wasm);
  renameSync(`${target}.${process.pid}`, target);
}

function read(file) {
  try {
    return readFileSync(join(source, file), 'utf8');
  } catch {
    return null;
  }
}
