// Builds the page of the gateway (web/) into dist/web. Nothing is done when nothing has changed since.
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
  join(ROOT, 'packages', 'client', 'src'),
];

async function changedAt(path) {
  const found = await stat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const within = await Promise.all((await readdir(path)).map((name) => changedAt(join(path, name))));
  return Math.max(found.mtimeMs, ...within);
}

const built = await stat(join(ROOT, 'dist', 'web', 'index.html')).then(
  ({ mtimeMs }) => mtimeMs,
  () => 0,
);
const sources = await Promise.all(SOURCES.map(changedAt));
if (Math.max(...sources) > built)
  await build({ root: WEB, configFile: join(WEB, 'vite.config.mjs'), logLevel: 'warn' });
