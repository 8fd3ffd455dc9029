import { readFile } from 'node:fs/promises';
import { place } from './place.mjs';

/**
 * An empty database as it was made when Kneepoint was installed (`scripts/generate-cluster.mjs`), for `PGlite.create({ loadDataDir })`:
 * making one takes seconds of a processor, unpacking one a fraction of a second. Nothing where there is none; PGlite then makes its own.
 */
export async function freshCluster(): Promise<Blob | undefined> {
  const bytes = await readFile(place()).catch(() => undefined);
  return bytes === undefined ? undefined : new Blob([bytes], { type: 'application/gzip' });
}
