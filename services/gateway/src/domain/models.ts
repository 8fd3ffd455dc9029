import { Failure } from '@kneepoint/failures';
import type { ModelInspection, ModelReference } from '@kneepoint/workflow';
import type { Context, Services } from '../context.ts';
import type { Artifact } from '../schema/artifact.ts';
import type { Model } from '../schema/model.ts';
import { toArtifact } from './artifacts.ts';
import { globalId, localId } from './ids.ts';
import { isAbsent } from './absent.ts';
import { ENDED, type Named, remove, rename } from './names.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';
import { Remembered } from './remembered.ts';

type Whole = NonNullable<Awaited<ReturnType<Services['db']['prisma']['model']['findUnique']>>>;
type Row = Omit<Whole, keyof typeof CONTENT>;

/** What is as long as the network has layers: lists do without, and who asks for it gets it by a loader of its own. */
export const CONTENT = { preprocess: true, inspection: true } as const;

interface ModelContent {
  readonly preprocess: ModelReference['preprocess'];
  readonly inspection: ModelInspection;
}

/** A row's network and preprocessing never change. */
const contents = new Remembered<ModelContent>(4 * 2 ** 20);

/** What a network is made of. Who asks has found the row, which says whether its name is still there. Throws MODEL_UNKNOWN. */
export async function contentOfModel(
  { loaders, db }: Pick<Context, 'loaders' | 'db'>,
  rowId: string,
): Promise<ModelContent> {
  const name = `${db.projectId} ${rowId}`;
  const known = contents.get(name);
  if (known !== undefined) return known;
  const row = await loaders.modelContents.load(rowId);
  // It may have become another row of the same content meanwhile.
  if (row === null) throw unknown(globalId('Model', rowId), 'id');
  const content = {
    preprocess: row.preprocess as unknown as ModelReference['preprocess'],
    inspection: row.inspection as unknown as ModelInspection,
  };
  contents.set(name, content);
  return content;
}

/** A model whose name is there. */
export async function findModel({ loaders }: Context, id: string): Promise<Model | null> {
  const row = await loaders.models.load(id);
  return row && row.removedAt === null ? toModel(row) : null;
}

/** The model of a run, under the name that it had, whether that was removed or not. */
export async function modelOfRun({ loaders }: Context, id: string): Promise<Model | null> {
  const row = await loaders.models.load(id);
  return row ? toModel(row) : null;
}

export async function listModels({ db }: Services, request: PageRequest, name?: string | null): Promise<Page<Model>> {
  const { take, position } = readPage(request);
  const where = { removedAt: null, ...(isAbsent(name) ? {} : { name }) };
  const rows = await db.prisma.model.findMany({
    where: { AND: [where, afterPosition(position)] },
    orderBy: NEWEST_FIRST,
    take: take + 1,
    omit: CONTENT,
  });
  return toPage({ rows, take, after: request.after, toNode: toModel, count: () => db.prisma.model.count({ where }) });
}

/** Every name of a model's content, oldest first. */
export async function namesOfModel({ loaders }: Context, { content }: Model): Promise<readonly string[]> {
  return (await loaders.modelNames.load(content)).map(({ name }) => name);
}

const NAMES: Named<Row> = {
  noun: 'model',
  unknown: 'MODEL_UNKNOWN',
  inUse: 'MODEL_IN_USE',
  find: (tx, id) => tx.model.findFirst({ where: { id, removedAt: null } }),
  called: (tx, name) => tx.model.findMany({ where: { name } }),
  content: contentOf,
  rename: (tx, id, name) => tx.model.update({ where: { id }, data: { name } }),
  remove: (tx, { id, projectId }) =>
    tx.$executeRaw`UPDATE model SET removed_at = clock_timestamp() WHERE id = ${id} AND project_id = ${projectId}`,
  async merge(tx, { from, into }) {
    await tx.run.updateMany({ where: { modelId: from }, data: { modelId: into } });
    await tx.model.delete({ where: { id: from } });
  },
  async user(tx, { id, sha256, preprocessKey }) {
    const own = await tx.run.findFirst({ where: { modelId: id, state: { notIn: ENDED } } });
    if (own !== null) return own;
    const others = await tx.model.count({ where: { sha256, preprocessKey, removedAt: null, id: { not: id } } });
    // A benchmark times several models and is the run of none.
    return others > 0
      ? null
      : await tx.run.findFirst({
          where: {
            modelId: null,
            state: { notIn: ENDED },
            steps: { some: { input: { path: ['networks'], array_contains: [{ sha256 }] } } },
          },
        });
  },
};

/** Gives a model another name; its content, and whatever else it is called, stays. Throws MODEL_UNKNOWN, NAME_INVALID, NAME_TAKEN. */
export async function renameModel(context: Context, id: string, name: string): Promise<Model> {
  return toModel(await rename(context, NAMES, localId('Model', id), name));
}

/** Takes a model's name away; its content stays while another name or a run refers to it. Throws MODEL_UNKNOWN, MODEL_IN_USE. */
export async function removeModel(context: Context, id: string): Promise<Model> {
  return toModel(await remove(context, NAMES, localId('Model', id)));
}

/** The model behind a global id, as the workflow wants it; MODEL_UNKNOWN when there is none. */
export async function requireModel(
  context: Pick<Context, 'loaders' | 'db'>,
  id: string,
  field = 'model',
): Promise<ModelReference & { primaryTask: string | null }> {
  const row = await context.loaders.models.load(localId('Model', id, field));
  if (!row || row.removedAt !== null) throw unknown(id, field);
  const { name, sha256, skeletonSha256, primaryTask } = row;
  return { id: row.id, name, sha256, skeletonSha256, primaryTask, ...(await contentOfModel(context, row.id)) };
}

function unknown(id: string, where: string): Failure {
  return new Failure('MODEL_UNKNOWN', `no model has the id ${id}`, {
    where,
    fix: 'List the models and pass the id of one.',
  });
}

/** The same bytes, read in another way, are another model. */
function contentOf({ sha256, preprocessKey }: Pick<Row, 'sha256' | 'preprocessKey'>): string {
  return `${sha256} ${preprocessKey}`;
}

export function toModel(row: Row): Model {
  return {
    id: globalId('Model', row.id),
    nodeType: 'Model',
    rowId: row.id,
    name: row.name,
    sha256: row.sha256,
    content: contentOf(row),
    primaryTask: row.primaryTask,
    createdAt: row.createdAt,
    createdBy: row.createdBy,
  };
}

/** The file of a network, as a download is called. */
export async function fileOfModel(context: Context, { rowId, sha256, name }: Model): Promise<Artifact> {
  const { inspection } = await contentOfModel(context, rowId);
  return toArtifact(sha256, inspection.bytes, `${name}.onnx`);
}
