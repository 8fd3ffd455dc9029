import { Failure } from '@kneepoint/failures';
import { validatePreprocess, validateReading } from '@kneepoint/datasets';
import {
  DEFAULT_REGRESSION,
  planAnalysis,
  planImportDataset,
  planImportModel,
  planPrune,
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
import { requireCriteria } from './criteria.ts';
import { requireDataset, requireTasks } from './datasets.ts';
import { isAbsent } from './absent.ts';
import { launch, namesOf } from './launch.ts';
import { requireModel } from './models.ts';
import { requireName } from './names.ts';
import { requirePruneOptions, requireWanted } from './prune-options.ts';

export async function registerModel(context: Context, input: RegisterModelInput): Promise<Run> {
  const source = await requireSource(context, input);
  const preprocess = isAbsent(input.preprocess) ? {} : { preprocess: validatePreprocess(input.preprocess) };
  const primaryTask = isAbsent(input.primaryTask) ? {} : { primaryTask: requireName(input.primaryTask, 'primaryTask') };
  const steps = planImportModel({ name: requireName(input.name), source, ...preprocess, ...primaryTask });
  return launch(context, { kind: 'IMPORT_MODEL', input, steps });
}

export async function registerDataset(context: Context, input: RegisterDatasetInput): Promise<Run> {
  const source = await requireSource(context, input);
  const steps = planImportDataset({
    name: requireName(input.name),
    source,
    ...(isAbsent(input.schema) ? {} : { schema: input.schema }),
    ...(isAbsent(input.group) ? {} : { group: input.group }),
    ...(isAbsent(input.reading) ? {} : { reading: validateReading(input.reading) }),
  });
  return launch(context, { kind: 'IMPORT_DATASET', input, steps });
}

export async function launchAnalysis(context: Context, input: LaunchAnalysisInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  // In the data set's order, so that the same tasks in another order are the same steps.
  const wanted = requireTasks(dataset, input.tasks);
  const tasks = dataset.tasks.filter((task) => wanted.includes(task));
  const { steps } = planAnalysis({ model, dataset, tasks, settings: DEFAULT_REGRESSION });
  const about = { modelId: model.id, datasetId: dataset.id, tasks: namesOf(tasks) };
  return launch(context, { kind: 'ANALYSIS', input, ...about, steps });
}

export async function launchPrune(context: Context, input: LaunchPruneInput): Promise<Run> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const wanted = requireWanted(dataset, input.plan);
  const options = requirePruneOptions(input, model, wanted);
  await requireCriteria(context, model, input.plan);
  const { provider } = context.config;
  const steps = planPrune({ model, dataset, ...wanted, settings: DEFAULT_REGRESSION, options, provider });
  const about = { modelId: model.id, datasetId: dataset.id, tasks: namesOf(wanted.tasks) };
  return launch(context, { kind: 'PRUNE', input, ...about, steps });
}

/** The sum of bytes that the project has. Throws SOURCE_INVALID, ARTIFACT_UNKNOWN. */
export async function requireUpload({ loaders }: Pick<Context, 'loaders'>, upload: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/.test(upload)) {
    throw new Failure('SOURCE_INVALID', 'upload is not a SHA-256', {
      where: 'upload',
      fix: 'Pass the sha256 that completeUpload returned.',
    });
  }
  // The store has the bytes of all projects: those that this one never sent are not there for it.
  if ((await loaders.artifacts.load(upload)) !== null) return upload;
  throw new Failure('ARTIFACT_UNKNOWN', `no completed upload has the sum ${upload}`, {
    where: 'upload',
    fix: 'Upload the bytes: createUpload, PUT, completeUpload.',
  });
}

async function requireSource(
  context: Context,
  { upload, path }: { readonly upload?: string | null; readonly path?: string | null },
): Promise<Source> {
  if (isAbsent(upload) === isAbsent(path)) {
    throw new Failure('SOURCE_INVALID', 'exactly one of upload and path is needed', {
      where: 'upload',
      fix: 'Upload the bytes and pass their SHA-256.',
    });
  }
  if (!isAbsent(upload)) {
    return { artifact: await requireUpload(context, upload) };
  }
  if (!context.allowLocalPaths) {
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
