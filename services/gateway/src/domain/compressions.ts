import { DEFAULT_REGRESSION, planCompress } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Compression, LaunchCompressionInput } from '../schema/compression.ts';
import type { Run } from '../schema/run.ts';
import { requireCriteria } from './criteria.ts';
import { requireDataset } from './datasets.ts';
import { toDelivered } from './delivered.ts';
import { isAbsent } from './absent.ts';
import { launch, namesOf } from './launch.ts';
import { emptyPage, pageOf } from './list-pages.ts';
import { requireModel } from './models.ts';
import type { Page, PageRequest } from './pages.ts';
import { requireBatch, requireCompressOptions, requireMostRounds, requireSplitSeed } from './compress-options.ts';
import { requireWanted } from './prune-options.ts';
import { requireTrainable, toTrainingChoice } from './training-choice.ts';
import { withinTraining } from './within-training.ts';

/** What a person wants: the small network, and the whole one to measure it against. */
const DEFAULT_ARMS = ['finetuned', 'unpruned'] as const;

export async function launchCompression(context: Context, input: LaunchCompressionInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const wanted = requireWanted(dataset, input.plan);
  const arms = isAbsent(input.arms) ? DEFAULT_ARMS : input.arms;
  const options = requireCompressOptions({ ...input, arms }, model, wanted);
  await requireCriteria(context, model, input.plan, input.compare);
  const training = toTrainingChoice(input.training, model);
  const mostRounds = requireMostRounds(input.rounds);
  const batch = requireBatch(input.batch, model);
  requireTrainable(model, training, arms);
  const settings = { ...DEFAULT_REGRESSION, ...requireSplitSeed(input.splitSeed) };
  const steps = withinTraining(() =>
    planCompress({
      ...{ model, dataset, settings, options, arms, training },
      ...(mostRounds === undefined ? {} : { mostRounds }),
      ...(batch === undefined ? {} : { batch }),
      ...(isAbsent(input.quantize) ? {} : { quantize: input.quantize }),
      ...(isAbsent(input.teacher) ? {} : { teacher: input.teacher }),
      ...wanted,
      compare: input.compare ?? [],
      provider: context.config.provider,
    }),
  );
  const about = { modelId: model.id, datasetId: dataset.id, tasks: namesOf(wanted.tasks) };
  return launch(context, { kind: 'COMPRESSION', input, ...about, steps });
}

/** What a compression has finished: its reports with all arms, or the prunings themselves where nothing is trained. */
export async function compressionsOf({ loaders }: Context, run: Run, page: PageRequest): Promise<Page<Compression>> {
  if (run.kind !== 'COMPRESSION') return emptyPage(page);
  return pageOf(loaders.compressions, { id: run.rowId }, page, (row) => toDelivered(loaders, row));
}
