import { Failure } from '@kneepoint/failures';
import { type DatasetSchema, validatePreprocess } from '@kneepoint/datasets';
import { launchRun, type RunRequest } from '@kneepoint/platform';
import {
  DEFAULT_REGRESSION,
  type ModelReference,
  planAnalysis,
  planImportDataset,
  planImportModel,
  planPrune,
  type PruneOptions,
  type Source,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type {
  LaunchAnalysisInput,
  LaunchPruneInput,
  RegisterDatasetInput,
  RegisterModelInput,
} from '../schema/mutations.ts';
import type { Run } from '../schema/run.ts';
import { requireDataset, requireTask } from './datasets.ts';
import { requireModel } from './models.ts';
import { toRun } from './runs.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,99}$/u;
const MOST_EPSILONS = 20;

export async function registerModel(context: Context, input: RegisterModelInput): Promise<Run> {
  const source = requireSource(context, input);
  const preprocess = input.preprocess === undefined ? {} : { preprocess: validatePreprocess(input.preprocess) };
  const primaryTask =
    input.primaryTask === undefined ? {} : { primaryTask: requireName(input.primaryTask, 'primaryTask') };
  const steps = planImportModel({ name: requireName(input.name), source, ...preprocess, ...primaryTask });
  return launch(context, { kind: 'IMPORT_MODEL', input, steps }, input.idempotencyKey);
}

export async function registerDataset(context: Context, input: RegisterDatasetInput): Promise<Run> {
  const source = requireSource(context, input);
  const steps = planImportDataset({
    name: requireName(input.name),
    source,
    ...(input.schema === undefined ? {} : { schema: input.schema as DatasetSchema }),
    ...(input.group === undefined ? {} : { group: input.group }),
  });
  return launch(context, { kind: 'IMPORT_DATASET', input, steps }, input.idempotencyKey);
}

export async function launchAnalysis(context: Context, input: LaunchAnalysisInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const tasks = input.tasks?.map((name) => requireTask(dataset, name)) ?? dataset.tasks;
  const { steps } = planAnalysis({ model, dataset, tasks, settings: DEFAULT_REGRESSION });
  return launch(
    context,
    { kind: 'ANALYSIS', input, modelId: model.id, datasetId: dataset.id, steps },
    input.idempotencyKey,
  );
}

export async function launchPrune(context: Context, input: LaunchPruneInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const task = requireTask(dataset, input.task);
  if (
    input.epsilons.length < 1 ||
    input.epsilons.length > MOST_EPSILONS ||
    new Set(input.epsilons).size < input.epsilons.length
  ) {
    throw new Failure('EPSILON_INVALID', `epsilons has ${input.epsilons.length} entries`, {
      where: 'epsilons',
      fix: `Pass 1 to ${MOST_EPSILONS} different values between 0 and 1.`,
    });
  }
  const options = input.epsilons.map((epsilon) => toPruneOptions(input, epsilon, model));
  const steps = planPrune({ model, dataset, task, settings: DEFAULT_REGRESSION, options });
  return launch(
    context,
    { kind: 'PRUNE', input, modelId: model.id, datasetId: dataset.id, steps },
    input.idempotencyKey,
  );
}

/** Options of one pruning, bounded: ε between 0 and 1, layers that exist. */
export function toPruneOptions(
  input: Pick<LaunchPruneInput, 'layer' | 'layerEpsilon' | 'minFilters'>,
  epsilon: number,
  model: ModelReference,
): PruneOptions {
  const layers = model.inspection.taps.map((tap) => tap.layer);
  const requireLayer = (layer: string, where: string): string => {
    if (layers.includes(layer)) return layer;
    throw new Failure('LAYER_UNKNOWN', `"${model.name}" has no layer "${layer}" that can be read`, {
      where,
      fix: `Choose one of: ${layers.join(', ')}.`,
    });
  };
  const layerEpsilon = input.layerEpsilon?.map((entry): [string, number] => [
    requireLayer(entry.layer, 'layerEpsilon'),
    requireEpsilon(entry.epsilon, 'layerEpsilon'),
  ]);
  const { minFilters } = input;
  if (minFilters !== undefined && minFilters !== null && minFilters < 1) {
    throw new Failure('MIN_FILTERS_INVALID', `minFilters is ${minFilters}`, {
      where: 'minFilters',
      fix: 'Pass 1 or more.',
    });
  }
  return {
    epsilon: requireEpsilon(epsilon, 'epsilon'),
    ...(layerEpsilon?.length ? { layerEpsilon: Object.fromEntries(layerEpsilon) } : {}),
    ...(input.layer ? { layer: requireLayer(input.layer, 'layer') } : {}),
    ...(minFilters ? { minFilters } : {}),
  };
}

/** Launches a run; what was asked for is kept without the key, which names the request and is no part of it. */
async function launch({ db }: Pick<Context, 'db'>, request: RunRequest, idempotencyKey?: string): Promise<Run> {
  const { idempotencyKey: _key, ...input } = request.input as { idempotencyKey?: string };
  return toRun(await launchRun(db, { ...request, input, ...(idempotencyKey ? { idempotencyKey } : {}) }));
}

function requireEpsilon(epsilon: number, where: string): number {
  if (epsilon > 0 && epsilon < 1) return epsilon;
  throw new Failure('EPSILON_INVALID', `ε is ${epsilon}`, {
    where,
    fix: 'Pass a number greater than 0 and less than 1, such as 0.01.',
  });
}

function requireName(name: string, where = 'name'): string {
  if (NAME.test(name)) return name;
  throw new Failure('NAME_INVALID', `"${name.slice(0, 80)}" is not a name`, {
    where,
    fix: 'Start with a letter or digit; go on with letters, digits, spaces, dots, dashes or underscores; 100 characters at most.',
  });
}

function requireSource(
  { allowLocalPaths }: Context,
  input: { readonly upload?: string; readonly path?: string },
): Source {
  if ((input.upload === undefined) === (input.path === undefined)) {
    throw new Failure('SOURCE_INVALID', 'exactly one of upload and path is needed', {
      where: 'upload',
      fix: 'Upload the bytes and pass their SHA-256.',
    });
  }
  if (input.upload !== undefined) {
    if (/^[0-9a-f]{64}$/.test(input.upload)) return { artifact: input.upload };
    throw new Failure('SOURCE_INVALID', 'upload is not a SHA-256', {
      where: 'upload',
      fix: 'Pass the sha256 that completeUpload returned.',
    });
  }
  if (!allowLocalPaths) {
    throw new Failure('LOCAL_PATH_REFUSED', 'this server reads no local paths', {
      where: 'path',
      fix: 'Upload the bytes: createUpload, PUT, completeUpload.',
    });
  }
  return { path: input.path! };
}
