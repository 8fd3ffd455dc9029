import { Failure } from '@kneepoint/failures';
import type { ModelInspection, ModelReference } from '@kneepoint/workflow';
import type { Context, Services } from '../context.ts';
import type { Model } from '../schema/model.ts';
import { globalId, localId } from './ids.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';

type Row = NonNullable<Awaited<ReturnType<Services['db']['prisma']['model']['findUnique']>>>;

export async function findModel({ loaders }: Context, id: string): Promise<Model | null> {
  const row = await loaders.models.load(id);
  return row ? toModel(row) : null;
}

export async function listModels({ db }: Services, request: PageRequest): Promise<Page<Model>> {
  const { take, position } = readPage(request);
  const rows = await db.prisma.model.findMany({
    where: afterPosition(position),
    orderBy: NEWEST_FIRST,
    take: take + 1,
  });
  return toPage({ rows, take, toNode: toModel, count: () => db.prisma.model.count() });
}

/** The model behind a global id, as the workflow wants it; MODEL_UNKNOWN when there is none. */
export async function requireModel(
  { loaders }: Context,
  id: string,
  field = 'model',
): Promise<ModelReference & { primaryTask: string | null }> {
  const row = await loaders.models.load(localId('Model', id, field));
  if (!row) {
    throw new Failure('MODEL_UNKNOWN', `no model has the id ${id}`, {
      where: field,
      fix: 'List the models and pass the id of one.',
    });
  }
  return { ...toModelReference(row), primaryTask: row.primaryTask };
}

export function toModelReference(row: Row): ModelReference {
  return {
    id: row.id,
    name: row.name,
    sha256: row.sha256,
    skeletonSha256: row.skeletonSha256,
    preprocess: row.preprocess as unknown as ModelReference['preprocess'],
    inspection: row.inspection as unknown as ModelInspection,
  };
}

export function toModel(row: Row): Model {
  const { inspection, preprocess } = toModelReference(row);
  return {
    id: globalId('Model', row.id),
    nodeType: 'Model',
    name: row.name,
    primaryTask: row.primaryTask,
    parameters: inspection.parameters,
    macs: inspection.macs,
    preprocess,
    layers: inspection.layers,
    taps: inspection.taps,
    notes: inspection.notes,
    artifact: { sha256: row.sha256, bytes: inspection.bytes, filename: `${row.name}.onnx` },
    createdAt: row.createdAt,
  };
}
