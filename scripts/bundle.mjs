// Makes JavaScript of the command line and of every task that runs in a process of its own, which then starts in a third of the
// time: into dist/, where packages/runtime/src/task/bundled.mjs finds it. Nothing is done when nothing has changed.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundled, stampOf } from '../packages/runtime/src/task/bundled.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const MAIN = 'packages/cli/src/main.ts';
const DAY_MS = 86_400_000;

const posix = (path) => path.split(sep).join('/');

async function entryPoints() {
  const files = await Promise.all(
    ['packages', 'services'].map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((path) => posix(join(folder, path))),
    ),
  );
  const isTask = (path) => /^\w+\/\w+\/src\/.*\.task\.ts$/.test(path) && !path.includes('/testing/');
  return [MAIN, 'packages/runtime/src/task/child-main.ts', ...files.flat().filter(isTask)];
}

/** Ours is bundled; packages stay where they are. */
const packages = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@kneepoint/') ? undefined : { path, external: true },
    );
  },
};

/** What each source was like before it was read. */
const sources = {};

/** Modules that look for files beside them find those beside their source. */
const places = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$|\.mjs$/ }, async ({ path }) => {
      const name = posix(relative(ROOT, path));
      sources[name] = stampOf(name);
      const source = await readFile(path, 'utf8');
      const place = JSON.stringify(posix(relative(DIST, path)));
      const contents = source.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
      return { contents, loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
};

async function bundle() {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: await entryPoints(),
    outdir: DIST,
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: 'tsconfig.json',
    // Names of classes are names of GraphQL types.
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
    plugins: [packages, places],
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [
    relative('dist', path),
    entryPoint,
  ]);
  const entries = Object.fromEntries(
    outputs.flatMap(([file, source]) => (source === undefined ? [] : [[source, file]])),
  );
  await writeFile(join(DIST, 'manifest.new.json'), JSON.stringify({ sources, entries }));
  await rename(join(DIST, 'manifest.new.json'), join(DIST, 'manifest.json'));
  return new Set(['manifest.json', ...outputs.map(([file]) => file)]);
}

/** Processes that were started from an earlier bundle may still want its files. */
async function removeOld(current) {
  for (const file of await readdir(DIST)) {
    const path = join(DIST, file);
    if (!current.has(file) && Date.now() - (await stat(path)).mtimeMs > DAY_MS) await rm(path);
  }
}

if (bundled(new URL(`../${MAIN}`, import.meta.url)) === undefined) {
  await mkdir(DIST, { recursive: true });
  await removeOld(await bundle());
}
