import type { Manifest } from './manifest.ts';
import { type FolderOptions, readFolder } from './read-folder.ts';

/**
 * The manifest of a folder: labels.csv or labels.jsonl with an `image` column, and schema.json where there is one.
 * Throws a Failure whose code is that of the first problem and whose message lists every problem with its line.
 */
export async function readManifest(folder: string, options: FolderOptions = {}): Promise<Manifest> {
  return (await readFolder(folder, options)).manifest;
}
