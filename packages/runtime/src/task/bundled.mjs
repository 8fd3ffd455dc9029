// Plain JavaScript: the command line reads it before there is anything that understands TypeScript.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const DIST = join(ROOT, 'dist');

let entries;

/**
 * The URL of what scripts/bundle.mjs made of a source file, which starts in a third of the time; undefined where there is nothing, or
 * where a source has changed since: then the source itself is to be run.
 */
export function bundled(source) {
  entries ??= fresh() ?? {};
  const entry = entries[relative(ROOT, fileURLToPath(source)).split(sep).join('/')];
  // Another build may have replaced it.
  if (entry === undefined || !existsSync(join(DIST, entry))) return undefined;
  return pathToFileURL(join(DIST, entry)).href;
}

/** The entries of the bundle if every source is as it was. */
function fresh() {
  try {
    const { sources, entries } = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'));
    return Object.entries(sources).every(([path, stamp]) => stampOf(path) === stamp) ? entries : undefined;
  } catch {
    return undefined;
  }
}

/** Whole seconds: layers of an image keep no more. */
export function stampOf(path) {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  return `${size} ${Math.floor(mtimeMs / 1000)}`;
}
