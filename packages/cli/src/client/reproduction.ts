import { join } from 'node:path';
import { download, type KneepointClient, ReproductionFilesDocument } from '@kneepoint/client/node';

/** What a gateway keeps of a reproduction, laid out as the command leaves it; nothing where the run is no such one. */
export async function saveReproduction(
  client: KneepointClient,
  id: string,
  folder: string,
): Promise<readonly string[]> {
  const kept = (await client.query(ReproductionFilesDocument, { id })).run?.reproduction;
  if (!kept) return [];
  const files = [
    [join(folder, 'results.json'), kept.results],
    [join(folder, 'reproduction.md'), kept.page],
    ...kept.figures.map(({ name, file }) => [join(folder, 'figures', `${name}.svg`), file] as const),
  ] as const;
  for (const [path, file] of files) await download(client, file, path);
  return files.map(([path]) => path);
}
