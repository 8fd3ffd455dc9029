import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { Cell, TaskRelationships } from '../schema/relationships.ts';
import { bestCell, type LayerCell, layerCells } from './analyses.ts';
import { requireDataset, requireTasks } from './datasets.ts';
import { requireLayer } from './layers.ts';
import { findModel, requireModel } from './models.ts';

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
  const rows = await Promise.all(
    models.map(async (model) => {
      if (request.layer !== 'BEST' && request.layer !== 'LAST') requireLayer(model, request.layer, 'layer');
      const cells = await Promise.all(
        tasks.map(async (task) => toCell(choose(await layerCells(context, model, dataset, task), request.layer))),
      );
      return { model: (await findModel(context, model.id))!, primaryTask: model.primaryTask, cells };
    }),
  );
  tasks.forEach((task, column) => {
    const diagonal = rows.find((row) => row.primaryTask === task.name)?.cells[column];
    if (!diagonal || diagonal.value === 0) return;
    for (const row of rows) {
      const cell = row.cells[column];
      if (cell) cell.reductionPercent = reduction(diagonal, cell);
    }
  });
  return { tasks: tasks.map((task) => task.name), rows };
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
    reductionPercent: null,
  };
}

/** 100·(ref − value)/ref for a score; for an error, where lower is better, the sign turns, so that positive is always worse. */
function reduction(reference: Cell, cell: Cell): number {
  const lost = (100 * (reference.value - cell.value)) / reference.value;
  return cell.higherIsBetter ? lost : -lost;
}
