import { TaskRelationshipsDocument, type TaskRelationshipsQuery } from '@kneepoint/client';
import type { Command } from 'commander';
import { findDataset, findModel } from '../client/lookup.ts';
import { print, printJson } from '../output.ts';
import { camel, metric } from '../render/number.ts';
import { table } from '../render/table.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

export type MatrixView = TaskRelationshipsQuery['taskRelationships'];
type CellView = NonNullable<MatrixView['rows'][number]['cells'][number]>;

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
        return (await client.query(TaskRelationshipsDocument, variables)).taskRelationships;
      });
      if (options.json) return printJson(matrix);
      print(renderMatrix(matrix));
    });
}

/**
 * A row for each task and a column for each network: the mean over the trials on test images with its spread, the layer that reads it
 * best, and what is lost against the network that was trained for the task, where it is among them.
 */
export function renderMatrix({ tasks, rows }: MatrixView): string {
  const lines = tasks.map((task, index) => {
    const cells = rows.map((row) => row.cells[index]);
    const known = cells.find((cell) => cell !== null && cell !== undefined);
    if (!known) return [task, '', '', ...cells.map(() => '')];
    return [
      task,
      camel(known.metric),
      metric(known.chance, known.metric),
      ...cells.map((cell) => (cell ? show(cell) : '')),
    ];
  });
  const names = rows.map((row) => row.model.name);
  return table(['task', 'metric', 'chance', ...names], lines, [
    'left',
    'left',
    'right',
    ...names.map(() => 'right' as const),
  ]);
}

function show({ value, spread, metric: name, layer, reductionPercent }: CellView): string {
  const loss = reductionPercent === null ? '' : ` (${reductionPercent.toFixed(1)} % lost)`;
  return `${metric(value, name)} ± ${metric(spread, name)}  ${layer}${loss}`;
}
