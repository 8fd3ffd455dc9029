import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { bundle, MAIN } from '../bundle.mjs';
import { externalPackages, inlinedPackages, pinned } from './locked.ts';
import { manifestOf, NPM, npmPack, ROOT } from './root.ts';

/** What a source finds beside itself: `new URL('../networks/', import.meta.url)`; of a name that is put together, its beginning. */
const BESIDE = /new URL\(\s*(['"`])([^'"`$]+)(\$?)[^)]*import\.meta\.url/g;

/**
 * The `kneepoint` command as an npm package: the bundle, the files that sources find beside themselves at the same paths, and what has to be
 * installed, as the lock file has it. Nothing in it is TypeScript that would have to be run. Gives the path of the file.
 */
export async function packCommand(): Promise<string> {
  const folder = join(NPM, 'kneepoint');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const beside = new Set<string>();
  const { metafile, entries } = await bundle(join(folder, 'dist'), {
    inlined: inlinedPackages(),
    onSource: (name, source) => {
      for (const [, , place, joined] of source.matchAll(BESIDE)) {
        const path = posix.join(posix.dirname(name), place!);
        beside.add(joined === '' ? path : posix.dirname(path));
      }
    },
  });
  for (const path of await assets(beside, entries)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  }
  await writeFile(join(folder, 'dist', 'manifest.json'), JSON.stringify({ sources: {}, entries }));
  await writeFile(
    join(folder, 'bin', 'kneepoint.mjs'),
    `#!/usr/bin/env node\nimport { main } from '../dist/${entries[MAIN]!}';\n\nawait main(process.argv);\n`,
    { mode: 0o755 },
  );
  for (const [from, to] of [
    ['packages/cli/npm/README.md', 'README.md'],
    ['LICENSE', 'LICENSE'],
  ] as const) {
    await cp(join(ROOT, from), join(folder, to));
  }
  await describe(folder, externalPackages(metafile));
  return npmPack(folder);
}

/** Files and folders of the repository that are named so, without what is in the bundle and what only sources that run as they are need. */
async function assets(
  beside: ReadonlySet<string>,
  entries: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const found = [...beside].filter(
    (path) => !(path in entries) && !['./', 'tsconfig.json', 'schema.graphql'].includes(path),
  );
  const there = await Promise.all(
    found.map((path) =>
      stat(join(ROOT, path)).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  // Comments name files, too.
  return there.filter((path) => path !== undefined);
}

async function describe(folder: string, externals: readonly string[]): Promise<void> {
  const { version, license, description, engines } = manifestOf('.');
  const manifest = {
    ...{ name: 'kneepoint', version, license, description, engines },
    ...{ type: 'module', bin: { kneepoint: 'bin/kneepoint.mjs' }, dependencies: pinned(externals) },
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
