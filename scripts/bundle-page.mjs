// Builds the page of the gateway (web/) into dist/web, and what makes a report of its parts into dist/report. Nothing is done when nothing has
// changed since.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WEB = join(ROOT, 'web');
/** What the page is made of, besides packages. */
const SOURCES = [
  join(WEB, 'src'),
  join(WEB, 'index.html'),
  join(WEB, 'vite.config.mjs'),
  join(WEB, 'vite.report.mjs'),
  join(ROOT, 'packages', 'client', 'src'),
  join(ROOT, 'packages', 'reproduction', 'src'),
];

async function changedAt(path) {
  const found = await stat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const within = await Promise.all((await readdir(path)).map((name) => changedAt(join(path, name))));
  return Math.max(found.mtimeMs, ...within);
}

/** What is built, and how: the file that says when, and its configuration. */
const TARGETS = [
  [join(ROOT, 'dist', 'web', 'index.html'), 'vite.config.mjs'],
  [join(ROOT, 'dist', 'report', 'render.mjs'), 'vite.report.mjs'],
];

const changed = Math.max(...(await Promise.all(SOURCES.map(changedAt))));
for (const [file, config] of TARGETS) {
  const built = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (changed > built) await build({ root: WEB, configFile: join(WEB, config), logLevel: 'warn' });
}
