import { Failure } from '@kneepoint/failures';
import { DEFAULT_REGRESSION, type FinetuneRequest, planFinetune } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import type { DistillInput, LaunchFinetuneInput } from '../schema/training.ts';
import { requireDataset, requireTasks } from './datasets.ts';
import { isAbsent } from './absent.ts';
import { launch, namesOf } from './launch.ts';
import { requireLayer } from './layers.ts';
import { requireModel } from './models.ts';
import { requireProduct } from './products.ts';
import { requireTrainable, toTrainingChoice } from './training-choice.ts';
import { withinTraining } from './within-training.ts';

export async function launchFinetune(context: Context, input: LaunchFinetuneInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const tasks = requireTasks(dataset, input.tasks);
  const start = await startOf(context, input);
  const teacher = isAbsent(input.distill) ? null : await toTeacher(context, input.distill, start.splitSeed);
  const training = toTrainingChoice(input.training, start.model);
  if (start.model) requireTrainable(start.model, training, ['finetuned']);
  const steps = withinTraining(() =>
    planFinetune({
      network: start.network,
      modelName: start.modelName,
      preprocess: start.preprocess,
      dataset,
      tasks,
      mode: input.mode,
      training,
      settings: { ...DEFAULT_REGRESSION, seed: start.splitSeed },
      ...(teacher ? { teacher } : {}),
    }),
  );
  const modelId = start.modelId === null ? {} : { modelId: start.modelId };
  const about = { ...modelId, datasetId: dataset.id, tasks: namesOf(tasks) };
  return launch(context, { kind: 'FINETUNE', input, ...about, steps });
}

type Start = Pick<FinetuneRequest, 'network' | 'modelName' | 'preprocess'> & {
  readonly model: Parameters<typeof toTrainingChoice>[1];
  readonly modelId: string | null;
  readonly splitSeed: number;
};

/** The network from which a training starts: a registered model, or what an earlier run made. */
async function startOf(context: Context, input: LaunchFinetuneInput): Promise<Start> {
  const { model: id, artifact, layer, keepHead } = input;
  if (isAbsent(id) === isAbsent(artifact)) {
    throw new Failure('SOURCE_INVALID', 'exactly one of model and artifact is needed', {
      where: 'model',
      fix: 'Pass the id of a model, or the SHA-256 of a network that a pruning or training made.',
    });
  }
  if (!isAbsent(layer) && (!isAbsent(artifact) || keepHead === true)) {
    throw new Failure('TRAINING_OPTION_INVALID', 'layer says where a fresh head reads, but the head stays', {
      where: 'layer',
      fix: 'Leave it out, or train a registered model without keepHead.',
    });
  }
  if (!isAbsent(artifact)) {
    const product = await requireProduct(context, artifact, 'artifact');
    const { worked, preprocess, modelName, modelId, splitSeed } = product;
    return { network: { sha256: worked }, preprocess, modelName, model: null, modelId, splitSeed };
  }
  const model = await requireModel(context, id!);
  const { sha256, name, preprocess } = model;
  const cut = isAbsent(layer) ? null : requireLayer(model, layer, 'layer');
  const network = keepHead === true ? { sha256 } : { model: { sha256, layer: cut } };
  return { network, modelName: name, preprocess, model, modelId: model.id, splitSeed: DEFAULT_REGRESSION.seed };
}

type Teacher = NonNullable<Parameters<typeof planFinetune>[0]['teacher']>;

async function toTeacher(
  context: Context,
  { artifact, weight, temperature }: DistillInput,
  splitSeed: number,
): Promise<Teacher> {
  const product = await requireProduct(context, artifact, 'distill.artifact');
  if (product.splitSeed !== splitSeed) {
    throw new Failure('TRAINING_OPTION_INVALID', 'the teacher was made on another partition of the images', {
      where: 'distill.artifact',
      fix: `Take a teacher of the partition with seed ${splitSeed}: this one has seen images that its student is judged by.`,
    });
  }
  if (!isAbsent(weight)) requireBetween('weight', weight, 0, 1);
  if (!isAbsent(temperature)) requireBetween('temperature', temperature, 0.1, 100);
  return {
    network: { sha256: product.worked },
    ...(isAbsent(weight) ? {} : { weight }),
    ...(isAbsent(temperature) ? {} : { temperature }),
  };
}

function requireBetween(field: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new Failure('TRAINING_OPTION_INVALID', `${field} is ${value}`, {
    where: `distill.${field}`,
    fix: `Pass a number from ${least} to ${most}.`,
  });
}
