import { basename, resolve } from 'node:path';
import type { DatasetSchema } from '@kneepoint/datasets';
import type { Command } from 'commander';
import { registerDataset } from '../client/register.ts';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { readJson, type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface AddOptions extends ServerOptions {
  readonly name?: string;
  readonly group?: string;
  readonly schema?: string;
}

interface DatasetRow {
  readonly id: string;
  readonly name: string;
  readonly images: number;
  readonly subject: string | null;
  readonly tasks: readonly { readonly name: string; readonly type: string }[];
}

export function registerDatasetCommands(program: Command): void {
  const dataset = program.command('dataset').description('labelled images');
  withServerOptions(dataset.command('add <folder>'))
    .description('import a folder with labels.csv or labels.jsonl and its images')
    .option('--name <name>', 'how it is called (default: the name of the folder)')
    .option('--group <column>', 'column whose value keeps images together when the set is split, such as a person')
    .option(
      '--schema <file>',
      'types, classes, bins and units of the tasks (default: schema.json of the folder, else inferred)',
    )
    .action(async (folder: string, options: AddOptions) => {
      const schema = options.schema ? ((await readJson(options.schema)) as DatasetSchema) : undefined;
      const run = await withConnection(options, (connection, signal) =>
        registerDataset(
          connection,
          {
            folder,
            name: options.name ?? basename(resolve(folder)),
            ...(schema ? { schema } : {}),
            ...(options.group ? { group: options.group } : {}),
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
          '{ datasets(first: 100) { edges { node { id name images subject tasks { name type } } } } }',
        );
        return data.datasets.edges.map((edge) => edge.node);
      });
      if (options.json) return printJson(rows);
      print(
        table(
          ['name', 'images', 'split by', 'tasks', 'id'],
          rows.map((row) => [
            row.name,
            String(row.images),
            row.subject ?? 'image',
            row.tasks.map((task) => `${task.name} (${task.type})`).join(', '),
            row.id,
          ]),
          ['left', 'right', 'left', 'left', 'left'],
        ),
      );
    });
}
