import { Failure } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '@kneepoint/workflow';
import type { Context, Services } from '../context.ts';
import type { Dataset, Task } from '../schema/dataset.ts';
import { toArtifact } from './artifacts.ts';
import { globalId, localId } from './ids.ts';
import { isAbsent } from './absent.ts';
import { ENDED, type Named, remove, rename } from './names.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';
import { Remembered } from './remembered.ts';

type Whole = NonNullable<Awaited<ReturnType<Services['db']['prisma']['dataset']['findUnique']>>>;
type Row = Omit<Whole, keyof typeof CONTENT>;

/** What is as long as there are tasks and classes: lists do without, and who asks for it gets it by a loader of its own. */
export const CONTENT = { tasks: true, notes: true } as const;

interface DatasetContent {
  readonly tasks: readonly TaskSpec[];
  readonly notes: readonly string[];
}

/** A row's images and tasks never change. */
const contents = new Remembered<DatasetContent>(2 * 2 ** 20);

/** What a data set is about. Who asks has found the row, which says whether its name is still there. Throws DATASET_UNKNOWN. */
export async function contentOfDataset(
  { loaders, db }: Pick<Context, 'loaders' | 'db'>,
  rowId: string,
): Promise<DatasetContent> {
  const name = `${db.projectId} ${rowId}`;
  const known = contents.get(name);
  if (known !== undefined) return known;
  const row = await loaders.datasetContents.load(rowId);
  // It may have become another row of the same content meanwhile.
  if (row === null) throw unknown(globalId('Dataset', rowId), 'id');
  const content = {
    tasks: row.tasks as unknown as readonly TaskSpec[],
    notes: row.notes as unknown as readonly string[],
  };
  contents.set(name, content);
  return content;
}

export async function tasksOfDataset(context: Context, { rowId }: Dataset): Promise<Task[]> {
  const { tasks } = await contentOfDataset(context, rowId);
  return tasks.map(({ name, type, classes = null, unit = null }) => ({ name, type, classes, unit }));
}

/** A data set whose name is there. */
export async function findDataset({ loaders }: Context, id: string): Promise<Dataset | null> {
  const row = await loaders.datasets.load(id);
  return row && row.removedAt === null ? toDataset(row) : null;
}

/** The data set of a run, under the name that it had, whether that was removed or not. */
export async function datasetOfRun({ loaders }: Context, id: string): Promise<Dataset | null> {
  const row = await loaders.datasets.load(id);
  return row ? toDataset(row) : null;
}

export async function listDatasets(
  { db }: Services,
  request: PageRequest,
  name?: string | null,
): Promise<Page<Dataset>> {
  const { take, position } = readPage(request);
  const where = { removedAt: null, ...(isAbsent(name) ? {} : { name }) };
  const rows = await db.prisma.dataset.findMany({
    where: { AND: [where, afterPosition(position)] },
    orderBy: NEWEST_FIRST,
    take: take + 1,
    omit: CONTENT,
  });
  return toPage({
    rows,
    take,
    after: request.after,
    toNode: toDataset,
    count: () => db.prisma.dataset.count({ where }),
  });
}

/** Every name of a data set's content, oldest first. */
export async function namesOfDataset({ loaders }: Context, { artifact }: Dataset): Promise<readonly string[]> {
  return (await loaders.datasetNames.load(artifact.sha256)).map(({ name }) => name);
}

const NAMES: Named<Row> = {
  noun: 'data set',
  unknown: 'DATASET_UNKNOWN',
  inUse: 'DATASET_IN_USE',
  find: (tx, id) => tx.dataset.findFirst({ where: { id, removedAt: null } }),
  called: (tx, name) => tx.dataset.findMany({ where: { name } }),
  content: ({ sha256 }) => sha256,
  rename: (tx, id, name) => tx.dataset.update({ where: { id }, data: { name } }),
  remove: (tx, { id, projectId }) =>
    tx.$executeRaw`UPDATE dataset SET removed_at = clock_timestamp() WHERE id = ${id} AND project_id = ${projectId}`,
  async merge(tx, { from, into }) {
    await tx.run.updateMany({ where: { datasetId: from }, data: { datasetId: into } });
    await tx.dataset.delete({ where: { id: from } });
  },
  user: (tx, { id }) => tx.run.findFirst({ where: { datasetId: id, state: { notIn: ENDED } } }),
};

/** Gives a data set another name; its content, and whatever else it is called, stays. Throws DATASET_UNKNOWN, NAME_INVALID, NAME_TAKEN. */
export async function renameDataset(context: Context, id: string, name: string): Promise<Dataset> {
  return toDataset(await rename(context, NAMES, localId('Dataset', id), name));
}

/** Takes a data set's name away; its content stays while another name or a run refers to it. Throws DATASET_UNKNOWN, DATASET_IN_USE. */
export async function removeDataset(context: Context, id: string): Promise<Dataset> {
  return toDataset(await remove(context, NAMES, localId('Dataset', id)));
}

/** The data set behind a global id, as the workflow wants it; DATASET_UNKNOWN when there is none. */
export async function requireDataset(context: Pick<Context, 'loaders' | 'db'>, id: string): Promise<DatasetReference> {
  const row = await context.loaders.datasets.load(localId('Dataset', id, 'dataset'));
  if (!row || row.removedAt !== null) throw unknown(id, 'dataset');
  const { name, sha256, manifestSha256, images, subject } = row;
  const { tasks } = await contentOfDataset(context, row.id);
  return { id: row.id, name, sha256, manifestSha256, images, tasks, subject };
}

function unknown(id: string, where: string): Failure {
  return new Failure('DATASET_UNKNOWN', `no data set has the id ${id}`, {
    where,
    fix: 'List the data sets and pass the id of one.',
  });
}

/** The task of that name, or TASK_UNKNOWN with the names that there are. */
export function requireTask(dataset: DatasetReference, name: string, where = 'task'): TaskSpec {
  const task = dataset.tasks.find((candidate) => candidate.name === name);
  if (!task) {
    const names = dataset.tasks.map((candidate) => candidate.name).join(', ');
    throw new Failure('TASK_UNKNOWN', `data set "${dataset.name}" has no task "${name}"`, {
      where,
      fix: `Choose one of: ${names}.`,
    });
  }
  return task;
}

/** The tasks of those names, each once, in that order; all of the data set when none are named. Throws TASKS_COUNT, TASK_UNKNOWN. */
export function requireTasks(
  dataset: DatasetReference,
  names: readonly string[] | null | undefined,
  where = 'tasks',
): readonly TaskSpec[] {
  const tasks = names ? [...new Set(names)].map((name) => requireTask(dataset, name, where)) : dataset.tasks;
  if (tasks.length > 0) return tasks;
  throw new Failure('TASKS_COUNT', 'no task was asked for', {
    where,
    fix: 'Name at least one task, or leave the field out for all.',
  });
}

export function toDataset(row: Row): Dataset {
  return {
    id: globalId('Dataset', row.id),
    nodeType: 'Dataset',
    rowId: row.id,
    name: row.name,
    images: row.images,
    subject: row.subject,
    artifact: toArtifact(row.sha256, Number(row.bytes), `${row.name}.tar`),
    createdAt: row.createdAt,
    createdBy: row.createdBy,
  };
}
