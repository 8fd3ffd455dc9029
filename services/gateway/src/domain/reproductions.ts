import { planReproduction, type ReproductionOutput } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { RegisterReproductionInput, Reproduction } from '../schema/reproduction.ts';
import type { Run } from '../schema/run.ts';
import { artifactOf } from './artifacts.ts';
import { launch } from './launch.ts';
import { requireUpload } from './launches.ts';

export async function registerReproduction(context: Context, input: RegisterReproductionInput): Promise<Run> {
  const steps = planReproduction({ sha256: await requireUpload(context, input.upload) });
  return launch(context, { kind: 'REPRODUCTION', input, steps });
}

export async function reproductionOf({ loaders }: Context, run: Run): Promise<Reproduction | null> {
  if (run.kind !== 'REPRODUCTION') return null;
  const [done] = await loaders.reproductions.load(run.rowId);
  if (done === undefined) return null;
  const { figures, resultsSha256, pageSha256, ...found } = done.output as unknown as ReproductionOutput;
  return {
    ...found,
    figures: await Promise.all(
      figures.map(async ({ name, paper, sha256 }) => ({
        ...{ name, paper },
        file: await artifactOf(loaders, sha256, `${name}.svg`),
      })),
    ),
    results: await artifactOf(loaders, resultsSha256, 'results.json'),
    page: await artifactOf(loaders, pageSha256, 'reproduction.md'),
  };
}
