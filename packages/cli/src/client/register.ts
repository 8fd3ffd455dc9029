import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  RegisterDatasetDocument,
  RegisterModelDocument,
  type RunDetailsInput,
  type RunFieldsFragment,
  uploadFile,
} from '@kneepoint/client/node';
import type { DatasetSchema, Preprocess, Reading } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { note } from '../output.ts';
import type { Connection } from './connect.ts';
import { launch } from './launch.ts';
import { follow } from './runs.ts';

export interface ModelRegistration {
  readonly file: string;
  readonly name: string;
  readonly preprocess?: Preprocess;
  readonly primaryTask?: string;
  /** What is said of the run that imports it. */
  readonly run?: RunDetailsInput;
}

export interface DatasetRegistration {
  /** A folder of labelled images, or an archive of one. */
  readonly source: string;
  readonly name: string;
  readonly schema?: DatasetSchema;
  readonly group?: string;
  readonly reading?: Reading;
  /** What is said of the run that imports it. */
  readonly run?: RunDetailsInput;
}

/**
 * Imports a model, unless it is there and its files are unchanged; the run that comes back carries it. Paths are named to a server on this
 * machine, else bytes are uploaded.
 */
export async function registerModel(
  connection: Connection,
  model: ModelRegistration,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  const { file: path, name, run: _said, ...options } = model;
  await requireFile(resolve(path));
  const subject = { kind: 'model', path, name, options } as const;
  const { run, known } = await connection.imports.once(connection.client, subject, () =>
    importModel(connection, model, signal),
  );
  if (known) note(`${model.file} is unchanged: the model ${name} is there already`);
  for (const text of run.model!.notes) note(`note: ${text}`);
  return run;
}

async function importModel(
  { client, local }: Connection,
  model: ModelRegistration,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  const path = resolve(model.file);
  const { packModelFile, preprocessBeside } = await import('@kneepoint/extractor-service');
  // A server on this machine looks beside the file by itself.
  const preprocess = model.preprocess ?? (local ? undefined : await preprocessBeside(path, note));
  const source = local
    ? { path }
    : await withScratch(async (scratch) => ({
        upload: await uploadFile(client, await packModelFile(path, join(scratch, 'model.onnx'), { signal }), {
          signal,
        }),
      }));
  const input = {
    name: model.name,
    ...source,
    ...(preprocess ? { preprocess } : {}),
    ...(model.primaryTask ? { primaryTask: model.primaryTask } : {}),
    ...(model.run ? { run: model.run } : {}),
  };
  const launched = await launch(client, RegisterModelDocument, input);
  return follow(client, launched.run, `import ${model.name}`, signal);
}

/** Imports labelled images, likewise; without a server on this machine they are checked and packed here first. */
export async function registerDataset(
  connection: Connection,
  dataset: DatasetRegistration,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  const { source, name, run: _said, ...options } = dataset;
  const subject = { kind: 'dataset', path: source, name, options } as const;
  const { run, known } = await connection.imports.once(connection.client, subject, () =>
    importDataset(connection, dataset, signal),
  );
  if (known) note(`${source} is unchanged: the data set ${name} is there already`);
  for (const text of run.dataset!.notes) note(`note: ${text}`);
  return run;
}

async function importDataset(
  { client, local }: Connection,
  dataset: DatasetRegistration,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  const path = resolve(dataset.source);
  const options = {
    ...(dataset.schema ? { schema: dataset.schema } : {}),
    ...(dataset.group ? { group: dataset.group } : {}),
  };
  const said = dataset.run ? { run: dataset.run } : {};
  const { reading } = dataset;
  const title = `import ${dataset.name}`;
  if (local) {
    const input = { name: dataset.name, path, ...options, ...(reading ? { reading } : {}), ...said };
    return follow(client, (await launch(client, RegisterDatasetDocument, input)).run, title, signal);
  }
  return withScratch(async (scratch) => {
    const { packSource } = await import('@kneepoint/datasets');
    const out = join(scratch, 'dataset.tar');
    const packed = await packSource(path, { ...options, ...reading, out, scratch, signal });
    const input = { name: dataset.name, upload: await uploadFile(client, packed, { signal }), ...said };
    return await follow(client, (await launch(client, RegisterDatasetDocument, input)).run, title, signal);
  });
}

export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'kneepoint-'));
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw new Failure('MODEL_FILE_MISSING', 'there is no such file', { where: path, fix: 'Name an ONNX file.' });
}

/** How a file or folder is called when nobody says it: by its own name without the ending of an archive. */
export function nameOfSource(source: string): string {
  return basename(resolve(source)).replace(/\.(tar\.gz|tgz|tar|zip)$/i, '');
}
