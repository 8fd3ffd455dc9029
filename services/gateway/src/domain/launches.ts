import { Failure } from '@kneepoint/failures';
import { validatePreprocess } from '@kneepoint/datasets';
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
import { requireDataset, requireTask, requireTasks } from './datasets.ts';
import { requireEpsilon } from './epsilon.ts';
import { isAbsent, launch } from './launch.ts';
import { requireLayer } from './layers.ts';
import { requireModel } from './models.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,99}$/u;
const MOST_EPSILONS = 20;

export async function registerModel(context: Context, input: RegisterModelInput): Promise<Run> {
  const source = requireSource(context, input);
  const preprocess = isAbsent(input.preprocess) ? {} : { preprocess: validatePreprocess(input.preprocess) };
  const primaryTask = isAbsent(input.primaryTask) ? {} : { primaryTask: requireName(input.primaryTask, 'primaryTask') };
  const steps = planImportModel({ name: requireName(input.name), source, ...preprocess, ...primaryTask });
  return launch(context, { kind: 'IMPORT_MODEL', input, steps }, input.idempotencyKey);
}

export async function registerDataset(context: Context, input: RegisterDatasetInput): Promise<Run> {
  const source = requireSource(context, input);
  const steps = planImportDataset({
    name: requireName(input.name),
    source,
    ...(isAbsent(input.schema) ? {} : { schema: input.schema }),
    ...(isAbsent(input.group) ? {} : { group: input.group }),
  });
  return launch(context, { kind: 'IMPORT_DATASET', input, steps }, input.idempotencyKey);
}

export async function launchAnalysis(context: Context, input: LaunchAnalysisInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  // In the data set's order, so that the same tasks in another order are the same steps.
  const wanted = requireTasks(dataset, input.tasks);
  const tasks = dataset.tasks.filter((task) => wanted.includes(task));
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
  const options = requirePruneOptions(input, model);
  const steps = planPrune({ model, dataset, task, settings: DEFAULT_REGRESSION, options });
  return launch(
    context,
    { kind: 'PRUNE', input, modelId: model.id, datasetId: dataset.id, steps },
    input.idempotencyKey,
  );
}

/** Options of one pruning for each ε, bounded and different. Throws EPSILON_INVALID, LAYER_UNKNOWN, MIN_FILTERS_INVALID. */
export function requirePruneOptions(input: LaunchPruneInput, model: ModelReference): readonly PruneOptions[] {
  const { epsilons } = input;
  const repeated = epsilons.find((epsilon, index) => epsilons.indexOf(epsilon) < index);
  if (epsilons.length < 1 || epsilons.length > MOST_EPSILONS || repeated !== undefined) {
    const problem =
      repeated === undefined ? `epsilons has ${epsilons.length} entries` : `ε = ${repeated} is there twice`;
    throw new Failure('EPSILON_INVALID', problem, {
      where: 'epsilons',
      fix: `Pass 1 to ${MOST_EPSILONS} different values between 0 and 1.`,
    });
  }
  return epsilons.map((epsilon) => toPruneOptions(input, epsilon, model, 'epsilons'));
}

/** Options of one pruning, bounded: ε between 0 and 1, layers that exist. */
export function toPruneOptions(
  input: Pick<LaunchPruneInput, 'layer' | 'layerEpsilon' | 'minFilters'>,
  epsilon: number,
  model: ModelReference,
  field = 'epsilon',
): PruneOptions {
  const layerEpsilon = input.layerEpsilon?.map((entry): [string, number] => [
    requireLayer(model, entry.layer, 'layerEpsilon'),
    requireEpsilon(entry.epsilon, 'layerEpsilon'),
  ]);
  const { minFilters } = input;
  if (!isAbsent(minFilters) && minFilters < 1) {
    throw new Failure('MIN_FILTERS_INVALID', `minFilters is ${minFilters}`, {
      where: 'minFilters',
      fix: 'Pass 1 or more.',
    });
  }
  return {
    epsilon: requireEpsilon(epsilon, field),
    ...(layerEpsilon?.length ? { layerEpsilon: Object.fromEntries(layerEpsilon) } : {}),
    ...(input.layer ? { layer: requireLayer(model, input.layer, 'layer') } : {}),
    ...(minFilters ? { minFilters } : {}),
  };
}

function requireName(name: string, where = 'name'): string {
  if (NAME.test(name)) return name;
  throw new Failure('NAME_INVALID', `${JSON.stringify(name.slice(0, 80))} is not a name`, {
    where,
    fix: 'Start with a letter or digit; go on with letters, digits, spaces, dots, dashes or underscores; 100 characters at most.',
  });
}

function requireSource(
  { allowLocalPaths }: Context,
  { upload, path }: { readonly upload?: string | null; readonly path?: string | null },
): Source {
  if (isAbsent(upload) === isAbsent(path)) {
    throw new Failure('SOURCE_INVALID', 'exactly one of upload and path is needed', {
      where: 'upload',
      fix: 'Upload the bytes and pass their SHA-256.',
    });
  }
  if (!isAbsent(upload)) {
    if (/^[0-9a-f]{64}$/.test(upload)) return { artifact: upload };
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
  if (path!.includes('\0')) {
    throw new Failure('SOURCE_INVALID', 'path has a NUL character', {
      where: 'path',
      fix: 'Pass the path of a file or folder.',
    });
  }
  return { path: path! };
}
