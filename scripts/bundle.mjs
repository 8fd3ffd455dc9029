// Makes JavaScript of the command line and of every task that runs in a process of its own, which then starts in a third of the
// time: into dist/, where packages/runtime/src/task/bundled.mjs finds it. Nothing is done when nothing has changed.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundled, stampOf } from '../packages/runtime/src/task/bundled.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
export const MAIN = 'packages/cli/src/main.ts';
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

/** Packages of the older kind ask for Node's own modules so, which a module of today has not by itself. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

/** Ours is bundled; packages stay where they are, but those that are to be `inlined`. */
const packages = (inlined) => ({
  name: 'packages',
  setup({ onResolve }) {
    const isOurs = (path) => path.startsWith('@kneepoint/') || inlined.includes(path);
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || isOurs(path) ? undefined : { path, external: true },
    );
  },
});

/** Modules that look for files beside them find those beside their source. `onSource` is told the name of each and what it says. */
const places = (onSource) => ({
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$|\.mjs$/ }, async ({ path }) => {
      const name = posix(relative(ROOT, path));
      const stamp = stampOf(name);
      const source = await readFile(path, 'utf8');
      onSource(name, source, stamp);
      const place = JSON.stringify(posix(relative(DIST, path)));
      const contents = source.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
      return { contents, loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
});

/**
 * Writes the bundle into a folder that is to stand where dist/ stands: a package's own has the files beside which sources lie at the same
 * paths. Gives esbuild's account of it, and the file of each entry.
 */
export async function bundle(outdir, { onSource, inlined = [] }) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: await entryPoints(),
    outdir,
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
    ...(inlined.length === 0 ? {} : { banner: { js: REQUIRE } }),
    plugins: [packages(inlined), places(onSource)],
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [basename(path), entryPoint]);
  const entries = Object.fromEntries(
    outputs.flatMap(([file, source]) => (source === undefined ? [] : [[source, file]])),
  );
  return { metafile, entries, files: outputs.map(([file]) => file) };
}

async function bundleHere() {
  // What each source was like before it was read.
  const sources = {};
  const { entries, files } = await bundle(DIST, { onSource: (name, _source, stamp) => (sources[name] = stamp) });
  await writeFile(join(DIST, 'manifest.new.json'), JSON.stringify({ sources, entries }));
  await rename(join(DIST, 'manifest.new.json'), join(DIST, 'manifest.json'));
  return new Set(['manifest.json', ...files]);
}

/** Processes that were started from an earlier bundle may still want its files. */
async function removeOld(current) {
  for (const file of await readdir(DIST)) {
    const path = join(DIST, file);
    if (file.endsWith('.js') && !current.has(file) && Date.now() - (await stat(path)).mtimeMs > DAY_MS) await rm(path);
  }
}

const isProgram = process.argv[1] === fileURLToPath(import.meta.url);
if (isProgram && bundled(new URL(`../${MAIN}`, import.meta.url)) === undefined) {
  await mkdir(DIST, { recursive: true });
  await removeOld(await bundleHere());
}
