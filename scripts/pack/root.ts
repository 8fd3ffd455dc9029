import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Packages of npm, and the folders that they are made of. The chart has the same name as one of them. */
export const NPM = join(ROOT, 'dist', 'npm');
export const CHARTS = join(ROOT, 'dist', 'charts');

/** What package.json of a folder says. */
export function manifestOf(folder: string): Readonly<Record<string, unknown>> & { readonly version: string } {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as ReturnType<typeof manifestOf>;
}

/** Packs a folder as npm publishes it; the path of the file. */
export function npmPack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', NPM];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })) as [
    { readonly filename: string },
  ];
  return join(NPM, filename);
}
