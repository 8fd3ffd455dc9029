import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestOf, NPM, npmPack, ROOT } from './root.ts';

const SOURCE = 'packages/client';

/** The client as an npm package: JavaScript and declarations beside it. Gives the path of the file. */
export async function packClient(): Promise<string> {
  const folder = join(NPM, 'client');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [compiler, '-p', join(ROOT, SOURCE, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  await nameJavaScript(join(folder, 'dist'));
  const { private: _private, exports, dependencies, ...manifest } = manifestOf(SOURCE);
  const built = {
    ...manifest,
    exports: Object.fromEntries(
      Object.entries(exports as Record<string, string>).map(([name, path]) => [name, placesOf(path)]),
    ),
    // Pinned here by the lock file; whoever depends on it has one of their own.
    dependencies: Object.fromEntries(
      Object.entries(dependencies as Record<string, string>).map(([name, version]) => [name, `^${version}`]),
    ),
    files: ['dist'],
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(built, null, 2)}\n`);
  await cp(join(ROOT, SOURCE, 'README.md'), join(folder, 'README.md'));
  await cp(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  return npmPack(folder);
}

/** Declarations name the sources that they were made of; they are to name what lies beside them. */
async function nameJavaScript(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
}

function placesOf(source: string): { readonly types: string; readonly default: string } {
  const stem = source.replace('./src/', './dist/').replace(/\.ts$/, '');
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}
