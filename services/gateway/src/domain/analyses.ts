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

/** Every layer's cell for a task, in graph order; none where it was not analysed. */
export async function layerCells(
  { loaders }: Context,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerCell[]> {
  const keys = keysOfTask(model, dataset, task);
  const rows = await loaders.cells.loadMany(keys.map(({ key }) => key));
  return keys.flatMap(({ layer }, index): LayerCell[] => {
    const row = rows[index];
    if (row instanceof Error) throw row;
    return row ? [{ layer, cell: row.cell }] : [];
  });
}

/** Every layer's result for a task, in graph order, found by content key in one statement. */
async function layerResults(
  { loaders }: Context,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerResult[]> {
  const channels = new Map(model.inspection.taps.map((tap) => [tap.layer, tap.channels]));
  const keys = keysOfTask(model, dataset, task);
  const rows = await Promise.all(keys.map(({ key }) => loaders.results.load(key)));
  return keys.flatMap(({ layer }, index): LayerResult[] => {
    const row = rows[index];
    return row ? [{ layer, channels: channels.get(layer)!, result: row.output as unknown as LayerTaskResult }] : [];
  });
}

/** The results of one task over all layers, or ANALYSIS_MISSING. */
export async function requireLayerResults(
  context: Context,
  model: ModelReference,
  dataset: DatasetReference,
  task: TaskSpec,
): Promise<readonly LayerResult[]> {
  const results = await layerResults(context, model, dataset, task);
  if (results.length < model.inspection.taps.length) {
    throw new Failure(
      'ANALYSIS_MISSING',
      `"${model.name}" has not been analysed for "${task.name}" on "${dataset.name}" (${results.length} of ${model.inspection.taps.length} layers are done)`,
      { where: 'task', fix: 'Launch an analysis of this model and data set and wait until it has succeeded.' },
    );
  }
  return results;
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

const CURVES_REMEMBERED = 256;

/** Curves are immutable artifacts: the most recently used ones are kept parsed. */
export class CurveCache {
  readonly #curves = new Map<string, Promise<CharacteristicCurve>>();

  get({ store }: Pick<Context, 'store'>, sha256: string): Promise<CharacteristicCurve> {
    const known = this.#curves.get(sha256);
    const curve =
      known ??
      store.read(sha256).then((bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as CharacteristicCurve);
    this.#curves.delete(sha256);
    this.#curves.set(sha256, curve);
    if (!known) curve.catch(() => this.#curves.delete(sha256));
    if (this.#curves.size > CURVES_REMEMBERED) this.#curves.delete(this.#curves.keys().next().value!);
    return curve;
  }
}
