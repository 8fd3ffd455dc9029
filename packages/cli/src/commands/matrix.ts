import type { Command } from 'commander';
import { findDataset, findModel } from '../client/lookup.ts';
import { print, printJson } from '../output.ts';
import { metric } from '../render/number.ts';
import { table } from '../render/table.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface CellView {
  readonly task: string;
  readonly layer: string;
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly value: number;
  readonly spread: number;
  readonly chance: number;
  readonly reductionPercent: number | null;
}

export interface MatrixView {
  readonly tasks: readonly string[];
  readonly rows: readonly { readonly model: { readonly name: string }; readonly cells: readonly (CellView | null)[] }[];
}

export const MATRIX_QUERY = `query($models: [ID!]!, $dataset: ID!, $layer: String!) {
  taskRelationships(models: $models, dataset: $dataset, layer: $layer) {
    tasks
    rows { model { id name } cells { task layer metric higherIsBetter value spread chance reductionPercent } }
  }
}`;

export function registerMatrix(program: Command): void {
  withServerOptions(program.command('matrix <dataset> <models...>'))
    .description('the task-relationship matrix: how well each network carries each task')
    .option('--layer <name>', 'BEST on validation, LAST, or the name of a layer', 'BEST')
    .action(async (dataset: string, models: string[], options: ServerOptions & { layer: string }) => {
      const matrix = await withConnection(options, async ({ client }) => {
        const variables = {
          models: await Promise.all(models.map((model) => findModel(client, model))),
          dataset: await findDataset(client, dataset),
          layer: options.layer,
        };
        return (await client.query<{ taskRelationships: MatrixView }>(MATRIX_QUERY, variables)).taskRelationships;
      });
      if (options.json) return printJson(matrix);
      print(renderMatrix(matrix));
    });
}

/** One row for each network and task: the mean over the trials on test images, its spread, what chance gives, the layer. */
export function renderMatrix({ rows }: MatrixView): string {
  const lines = rows.flatMap(({ model, cells }) =>
    cells.flatMap((cell) =>
      cell
        ? [
            [
              model.name,
              cell.task,
              cell.metric,
              `${metric(cell.value, cell.metric)} ± ${metric(cell.spread, cell.metric)}`,
              metric(cell.chance, cell.metric),
              cell.layer,
              cell.reductionPercent === null ? '' : `${cell.reductionPercent.toFixed(1)} %`,
            ],
          ]
        : [],
    ),
  );
  return table(['network', 'task', 'metric', 'value', 'chance', 'layer', 'loss'], lines, [
    'left',
    'left',
    'left',
    'right',
    'right',
    'left',
    'right',
  ]);
}
