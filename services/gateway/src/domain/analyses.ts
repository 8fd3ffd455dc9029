import { Failure } from '@kneepoint/failures';
import type { CharacteristicCurve, TaskSpec } from '@kneepoint/regression';
import {
  chooseHead,
  type DatasetReference,
  type HeadChoice,
  headLayer,
  type HeadOptions,
  type LayerTaskResult,
  type ModelReference,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { ProbedCell } from './cells.ts';
import { keysOfTask } from './layer-keys.ts';
import { Remembered } from './remembered.ts';

/** What one layer of one model says of one task. */
export interface LayerResult {
  readonly layer: string;
  readonly channels: number;
  readonly result: LayerTaskResult;
}

/** What one layer of one model says of one task, in the matrix. */
export interface LayerCell {
  readonly layer: string;
  readonly cell: ProbedCell;
}

const MIB = 2 ** 20;
const cells = new Remembered<readonly LayerCell[]>(8 * MIB);
const results = new Remembered<readonly LayerResult[]>(10 * MIB);

/** Every layer's cell for a task, in graph order; none where it was not analysed. */
export async function layerCells(
  { loaders, db }: Pick<Context, 'loaders' | 'db'>,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerCell[]> {
  const { name, layers } = keysOfTask(model, dataset, task);
  const known = cells.get(`${db.projectId} ${name}`);
  if (known !== undefined) return known;
  const rows = await Promise.all(layers.map(({ key }) => loaders.cells.load(key)));
  const found = layers.flatMap(({ layer }, index): LayerCell[] => {
    const row = rows[index];
    return row ? [{ layer, cell: row.cell }] : [];
  });
  // A result never changes and stays; one that is missing may come.
  if (found.length === layers.length) cells.set(`${db.projectId} ${name}`, found);
  return found;
}

/** Every layer's result for a task, in graph order, found by content key in one statement. */
async function layerResults(
  { loaders, db }: Pick<Context, 'loaders' | 'db'>,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerResult[]> {
  const { name, layers } = keysOfTask(model, dataset, task);
  const known = results.get(`${db.projectId} ${name}`);
  if (known !== undefined) return known;
  const channels = new Map(model.inspection.taps.map((tap) => [tap.layer, tap.channels]));
  const rows = await Promise.all(layers.map(({ key }) => loaders.results.load(key)));
  const found = layers.flatMap(({ layer }, index): LayerResult[] => {
    const row = rows[index];
    return row ? [{ layer, channels: channels.get(layer)!, result: row.output as unknown as LayerTaskResult }] : [];
  });
  if (found.length === layers.length) results.set(`${db.projectId} ${name}`, found);
  return found;
}

/** The results of one task over all layers, or ANALYSIS_MISSING. */
export async function requireLayerResults(
  context: Context,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerResult[]> {
  const results = await layerResults(context, model, dataset, task);
  const layers = model.inspection.taps.length;
  if (results.length < layers) {
    throw analysisMissing(model, dataset, task, `${results.length} of ${layers} layers are done`);
  }
  return results;
}

interface LayerTask {
  readonly model: ModelReference;
  readonly dataset: DatasetReference;
  readonly task: TaskSpec;
  readonly layer: string;
}

/** The result of one task at one layer; null where it was not analysed. The model has that layer. */
export async function findLayerResult(
  { loaders }: Pick<Context, 'loaders'>,
  { model, dataset, task, layer }: LayerTask,
): Promise<LayerResult | null> {
  const { key } = keysOfTask(model, dataset, task).layers.find((one) => one.layer === layer)!;
  const row = await loaders.results.load(key);
  if (row === null) return null;
  const { channels } = model.inspection.taps.find((tap) => tap.layer === layer)!;
  return { layer, channels, result: row.output as unknown as LayerTaskResult };
}

/** `task`: for which; null where any would do. `state`: what there is instead. */
export function analysisMissing(
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec | null,
  state: string,
): Failure {
  const aim = task === null ? '' : ` for "${task.name}"`;
  return new Failure(
    'ANALYSIS_MISSING',
    `"${model.name}" has not been analysed${aim} on "${dataset.name}" (${state})`,
    {
      where: task === null ? 'dataset' : 'task',
      fix: 'Launch an analysis of this model and data set and wait until it has succeeded.',
    },
  );
}

/** What the head reads: see `chooseHead`. */
export function bestHeadOf(tasks: readonly (readonly LayerResult[])[], options: HeadOptions): HeadChoice {
  return chooseHead(
    tasks.map((results) => results.map(({ layer, result: { cell, grid } }) => ({ layer, cell, grid }))),
    options,
  );
}

/** One task's cell at the layer that probes best over all positions. */
export function bestCell(cells: readonly LayerCell[]): LayerCell {
  const best = headLayer([cells]);
  return cells.find(({ layer }) => layer === best)!;
}

const curves = new Remembered<CharacteristicCurve>(10 * MIB);

/** A curve, which is an immutable artifact: those used last are kept parsed. Who asks has seen the result that names it. */
export async function curveOf({ store }: Pick<Context, 'store'>, sha256: string): Promise<CharacteristicCurve> {
  const known = curves.get(sha256);
  if (known !== undefined) return known;
  const bytes = await store.read(sha256);
  const curve = JSON.parse(Buffer.from(bytes).toString('utf8')) as CharacteristicCurve;
  curves.set(sha256, curve);
  return curve;
}
