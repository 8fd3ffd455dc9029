import type { Manifest } from './manifest.ts';
import { type FolderOptions, readFolder } from './read-folder.ts';

/**
 * The manifest of a folder in any layout that is recognised, and schema.json where there is one. What was found and left out is among the notes.
 * Throws a Failure whose code is that of the first problem and whose message has a line for every kind of problem.
 */
export async function readManifest(folder: string, options: FolderOptions = {}): Promise<Manifest> {
  const { manifest, skipped } = await readFolder(folder, options);
  if (options.strict) skipped.refuse(folder);
  return { ...manifest, notes: [...manifest.notes, ...skipped.notes] };
}
