import { randomBytes } from 'node:crypto';
import { encodeModel, skeleton, withDeclaredShapes } from '@kneepoint/onnx';
import { launchRun, type Run, type RunRequest, storedJson } from '@kneepoint/platform';
import type { Cell, CharacteristicCurve, TaskSpec } from '@kneepoint/regression';
import {
  type DatasetReference,
  DEFAULT_REGRESSION,
  layerTaskKeys,
  type LayerTaskResult,
  type ModelReference,
  type TapReference,
} from '@kneepoint/workflow';
import { datasetReference, layersOf, modelReference, tap, TINY_WIDTHS, tinyNet } from '@kneepoint/workflow/testing';
import { globalId } from '../domain/ids.ts';
import type { TestGateway } from './test-gateway.ts';

/** A row with the id by which clients know it. */
export type Seeded<Reference> = Reference & { readonly globalId: string };

interface ModelSeed {
  readonly name?: string;
  readonly primaryTask?: string;
  readonly taps?: readonly TapReference[];
  readonly skeletonSha256?: string;
}

/** A model as an import leaves it, its skeleton aside. */
export async function seedModel({ db }: TestGateway, seed: ModelSeed = {}): Promise<Seeded<ModelReference>> {
  const { name = 'net', primaryTask = null, taps = [tap('conv1', 8), tap('conv2', 12)] } = seed;
  const reference = modelReference(
    { taps },
    { name, sha256: digest(), skeletonSha256: seed.skeletonSha256 ?? digest() },
  );
  const { sha256, skeletonSha256, preprocess, inspection } = reference;
  const { id } = await db.prisma.model.create({
    data: {
      name,
      sha256,
      skeletonSha256,
      preprocessKey: 'default',
      preprocess: storedJson(preprocess),
      inspection: storedJson(inspection),
      primaryTask,
    },
  });
  return { ...reference, id, globalId: globalId('Model', id) };
}

/** A real network of three layers with its skeleton in the store. */
export async function seedTinyModel(gateway: TestGateway): Promise<Seeded<ModelReference>> {
  const { model, shapes } = tinyNet();
  const { sha256 } = await gateway.store.put(encodeModel(withDeclaredShapes(skeleton(model), shapes)));
  const taps = layersOf(model).map((layer, index) => tap(layer, TINY_WIDTHS[index]!));
  return seedModel(gateway, { name: 'tiny', taps, skeletonSha256: sha256 });
}

export async function seedDataset({ db }: TestGateway, tasks: readonly TaskSpec[]): Promise<Seeded<DatasetReference>> {
  const reference = datasetReference({ sha256: digest(), manifestSha256: digest(), tasks });
  const { name, sha256, manifestSha256, images, subject } = reference;
  const { id } = await db.prisma.dataset.create({
    data: { name, sha256, manifestSha256, images, subject, bytes: 1000n, tasks: storedJson(tasks), notes: [] },
  });
  return { ...reference, id, globalId: globalId('Dataset', id) };
}

/** What a regression leaves behind for each layer and task: the cell, and the curve where one is given. */
export async function seedResults(
  { db, store }: TestGateway,
  { model, dataset }: { readonly model: ModelReference; readonly dataset: DatasetReference },
  cellOf: (task: TaskSpec, layer: string, index: number) => Partial<Cell>,
  curveOf: (layer: string, index: number) => CharacteristicCurve | null = () => null,
): Promise<void> {
  const keys = layerTaskKeys({ model, dataset, tasks: dataset.tasks, settings: DEFAULT_REGRESSION });
  for (const task of dataset.tasks) {
    for (const [index, { layer, key }] of keys.get(task.name)!.entries()) {
      const curve = curveOf(layer, index);
      const stored = curve && (await store.put(Buffer.from(JSON.stringify(curve))));
      const output: LayerTaskResult = {
        task: task.name,
        cell: { ...CELL, task: task.name, ...cellOf(task, layer, index) },
        grid: null,
        gridAbsent: 'small',
        curveSha256: stored?.sha256 ?? digest(),
        points: curve?.points ?? [],
        uncertified: curve?.uncertified ?? [],
      };
      await db.prisma.result.create({ data: { key, kind: 'layer-task', output: storedJson(output) } });
    }
  }
}

/** A run of steps that no worker takes, unless their results are there. */
export function seedRun({ db }: TestGateway, request: Partial<RunRequest> = {}): Promise<Run> {
  const step = { kind: 'extract', service: 'extractor', input: {}, dependsOn: [] };
  return launchRun(db, {
    kind: 'ANALYSIS',
    input: {},
    steps: [
      { ...step, ref: 'a', name: 'first', key: digest() },
      { ...step, ref: 'b', name: 'second', key: digest(), dependsOn: ['a'] },
    ],
    ...request,
  });
}

/** The digest of nothing in particular. */
export function digest(): string {
  return randomBytes(32).toString('hex');
}

const CELL: Cell = {
  task: '',
  metric: 'r2',
  higherIsBetter: true,
  filters: 8,
  mean: 0.5,
  spread: 0.01,
  validation: 0.5,
  chance: 0,
  r2: 0.4,
  interval: { low: 0.4, high: 0.6, standardError: 0.05, drawn: 'image' },
  logMe: -1.2,
  hScore: 0.5,
  others: {},
  trials: [],
  n: { train: 120, validation: 60, test: 60 },
  missing: 0,
};
