import { Failure } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Cell, TaskRelationships } from '../schema/relationships.ts';
import { bestCell, type LayerCell, layerCells } from './analyses.ts';
import { requireDataset, requireTasks } from './datasets.ts';
import { requireLayer } from './layers.ts';
import { findModel, requireModel } from './models.ts';
import { Remembered } from './remembered.ts';

export interface RelationshipRequest {
  readonly models: readonly string[];
  readonly dataset: string;
  readonly tasks: readonly string[] | null;
  readonly layer: string;
}

const MOST_MODELS = 50;

/** The task-relationship matrix (paper §3): accuracy of each model's probe for each task, and the loss against the diagonal. */
export async function relationships(context: Context, request: RelationshipRequest): Promise<TaskRelationships> {
  if (request.models.length < 1 || request.models.length > MOST_MODELS) {
    throw new Failure('MODELS_COUNT', `${request.models.length} models were asked for`, {
      where: 'models',
      fix: `Ask for 1 to ${MOST_MODELS}.`,
    });
  }
  const dataset = await requireDataset(context, request.dataset);
  const tasks = requireTasks(dataset, request.tasks);
  const models = await Promise.all(request.models.map((id) => requireModel(context, id, 'models')));
  const rows = await cellsOf(context, { models, dataset, tasks, layer: request.layer });
  const found = await Promise.all(models.map(({ id }) => findModel(context, id)));
  return {
    tasks: tasks.map((task) => task.name),
    rows: models.map(({ primaryTask }, index) => ({ model: found[index]!, primaryTask, cells: rows[index]! })),
  };
}

interface Matrix {
  readonly models: readonly Awaited<ReturnType<typeof requireModel>>[];
  readonly dataset: DatasetReference;
  readonly tasks: readonly TaskSpec[];
  readonly layer: string;
}

type Cells = (Cell | null)[];

/** Matrices that were asked for, as long as every cell of theirs was there: results never change, and stay. */
const matrices = new Remembered<readonly Cells[]>(4 * 2 ** 20);

/** The cells of each model, with what they lose against the column's diagonal. */
async function cellsOf(context: Context, { models, dataset, tasks, layer }: Matrix): Promise<readonly Cells[]> {
  const own = models.map(({ id, primaryTask }) => [id, primaryTask]);
  const name = JSON.stringify([context.db.projectId, dataset.id, layer, tasks.map((task) => task.name), own]);
  const known = matrices.get(name);
  if (known !== undefined) return known;
  let isWhole = true;
  const rows = await Promise.all(
    models.map((model) => {
      if (layer !== 'BEST' && layer !== 'LAST') requireLayer(model, layer, 'layer');
      return Promise.all(
        tasks.map(async (task) => {
          const cells = await layerCells(context, model, dataset, task);
          if (cells.length < model.inspection.taps.length) isWhole = false;
          return toCell(choose(cells, layer));
        }),
      );
    }),
  );
  tasks.forEach((task, column) => {
    const diagonal = rows[models.findIndex(({ primaryTask }) => primaryTask === task.name)]?.[column];
    if (!diagonal || diagonal.value === 0) return;
    for (const { [column]: cell } of rows) if (cell) cell.reductionPercent = reduction(diagonal, cell);
  });
  if (isWhole) matrices.set(name, rows);
  return rows;
}

/** Null where the model was not analysed for the task, or not at that layer. */
function choose(cells: readonly LayerCell[], layer: string): LayerCell | null {
  if (cells.length === 0) return null;
  if (layer === 'BEST') return bestCell(cells);
  if (layer === 'LAST') return cells.at(-1)!;
  return cells.find((cell) => cell.layer === layer) ?? null;
}

function toCell(chosen: LayerCell | null): Cell | null {
  if (!chosen) return null;
  const { layer, cell } = chosen;
  return {
    task: cell.task,
    layer,
    metric: cell.metric,
    higherIsBetter: cell.higherIsBetter,
    value: cell.mean,
    spread: cell.spread,
    chance: cell.chance,
    r2: cell.r2,
    interval: cell.interval,
    logMe: cell.logMe,
    hScore: cell.hScore,
    reductionPercent: null,
  };
}

/** 100·(ref − value)/ref for a score; for an error, where lower is better, the sign turns, so that positive is always worse. */
function reduction(reference: Cell, cell: Cell): number {
  const lost = (100 * (reference.value - cell.value)) / reference.value;
  return cell.higherIsBetter ? lost : -lost;
}
