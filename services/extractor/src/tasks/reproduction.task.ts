import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claim, Reproduction } from '@kneepoint/reproduction';
import { makeReproduction } from '@kneepoint/reproduction/check';

export interface ReproductionTaskInput {
  /** The results as they were sent. */
  readonly path: string;
  readonly outFolder: string;
}

export interface ReproductionTaskOutput {
  readonly results: Pick<Reproduction, 'data' | 'images' | 'machine' | 'tasks'> & {
    readonly profile: Reproduction['profile']['name'];
    readonly networks: readonly string[];
  };
  readonly claims: readonly Claim[];
  readonly pagePath: string;
  readonly figures: readonly { readonly name: string; readonly paper: string; readonly path: string }[];
}

/** Checks results, and leaves their page and figures. */
export default async function reproduction({
  path,
  outFolder,
}: ReproductionTaskInput): Promise<ReproductionTaskOutput> {
  const { results, claims, figures, page } = makeReproduction(await readFile(path));
  const pagePath = join(outFolder, 'reproduction.md');
  await writeFile(pagePath, page);
  const drawn = figures.map(({ name, paper, svg }) => ({ name, paper, svg, path: join(outFolder, `${name}.svg`) }));
  for (const { path: file, svg } of drawn) await writeFile(file, `${svg}\n`);
  const { data, images, machine, tasks, profile, networks } = results;
  return {
    results: { data, images, machine, tasks, profile: profile.name, networks: networks.map(({ name }) => name) },
    ...{ claims, pagePath },
    figures: drawn.map(({ svg: _svg, ...figure }) => figure),
  };
}
