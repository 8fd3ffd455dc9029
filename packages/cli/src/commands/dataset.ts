import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { SHORT } from '../client/lookup.ts';
import { registerDataset } from '../client/register.ts';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import { registerNameCommands } from './names.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface AddOptions extends ServerOptions, DataFlags {
  readonly name?: string;
}

interface DatasetRow {
  readonly id: string;
  readonly name: string;
  readonly images: number;
  readonly subject: string | null;
  readonly tasks: readonly { readonly name: string; readonly type: string }[];
  readonly artifact: { readonly sha256: string };
}

export function registerDatasetCommands(program: Command): void {
  const dataset = program.command('dataset').description('labelled images');
  withDataOptions(withServerOptions(dataset.command('add <folder>')))
    .description('import a folder of labelled images; docs/data.md lists the layouts')
    .option('--name <name>', 'how it is called (default: the name of the folder)')
    .action(async (folder: string, options: AddOptions) => {
      const data = await readDataOptions(options);
      const run = await withConnection(options, (connection, signal) =>
        registerDataset(
          connection,
          {
            folder,
            name: options.name ?? basename(resolve(folder)),
            ...data,
          },
          signal,
        ),
      );
      if (options.json) return printJson(run.dataset);
      print(`data set ${run.dataset!.name} is registered (${run.dataset!.id})`);
      for (const text of run.dataset!.notes) print(`  note: ${text}`);
    });
  withServerOptions(dataset.command('list'))
    .description('the data sets that are registered, newest first')
    .action(async (options: ServerOptions) => {
      const rows = await withConnection(options, async ({ client }) => {
        const data = await client.query<{ datasets: { edges: { node: DatasetRow }[] } }>(
          '{ datasets(first: 100) { edges { node { id name images subject tasks { name type } artifact { sha256 } } } } }',
        );
        return data.datasets.edges.map((edge) => edge.node);
      });
      if (options.json) return printJson(rows);
      print(
        table(
          ['name', 'images', 'split by', 'tasks', 'digest', 'id'],
          rows.map((row) => [
            row.name,
            String(row.images),
            row.subject ?? 'image',
            row.tasks.map((task) => `${task.name} (${task.type})`).join(', '),
            row.artifact.sha256.slice(0, SHORT),
            row.id,
          ]),
          ['left', 'right', 'left', 'left', 'left', 'left'],
        ),
      );
    });
  registerNameCommands(dataset, 'dataset');
}
