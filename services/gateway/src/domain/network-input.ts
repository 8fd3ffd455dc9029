import { DEFAULT_REGRESSION, type ExtractOutput, planAnalysis } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { NetworkInput } from '../schema/network-input.ts';
import { analysisMissing } from './analyses.ts';
import { artifactOf } from './artifacts.ts';
import { requireDataset } from './datasets.ts';
import { requireModel } from './models.ts';

/** What a network was fed of a data set, as the first step of its analysis left it. Throws MODEL_UNKNOWN, DATASET_UNKNOWN, ANALYSIS_MISSING. */
export async function networkInput(
  context: Context,
  request: { readonly model: string; readonly dataset: string },
): Promise<NetworkInput> {
  const dataset = await requireDataset(context, request.dataset);
  const model = await requireModel(context, request.model);
  const { extractKeys } = planAnalysis({ model, dataset, tasks: [], settings: DEFAULT_REGRESSION });
  const row = await context.loaders.results.load(extractKeys[0]!);
  if (row === null) throw analysisMissing(model, dataset, null, 'no image was seen');
  const { warnings = [], samples = [] } = row.output as unknown as ExtractOutput;
  return {
    warnings,
    samples: await Promise.all(
      samples.map(async ({ image, shows, sha256 }, at) => ({
        ...{ image, shows },
        picture: await artifactOf(context.loaders, sha256, `${model.name}-input-${at + 1}.png`),
      })),
    ),
  };
}
