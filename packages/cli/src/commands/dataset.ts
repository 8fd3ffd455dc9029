import { copyFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DatasetsDocument, nodesOf } from '@kneepoint/client';
import type { Command } from 'commander';
import { SHORT } from '../client/lookup.ts';
import { nameOfSource, registerDataset, withScratch } from '../client/register.ts';
import { interruptible } from '../interrupt.ts';
import { print, printJson } from '../output.ts';
import { camel } from '../render/number.ts';
import { table } from '../render/table.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import { registerNameCommands } from './names.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface AddOptions extends ServerOptions, DataFlags {
  readonly name?: string;
}

/** Data sets that are listed. */
const NEWEST = 100;

export function registerDatasetCommands(program: Command): void {
  const dataset = program.command('dataset').description('labelled images');
  withDataOptions(withServerOptions(dataset.command('add <source>')))
    .description('import labelled images: a folder, or a tar, tar.gz or zip of one; docs/data.md lists the layouts')
    .option('--name <name>', 'how it is called (default: the name of the folder or archive)')
    .action(async (source: string, options: AddOptions) => {
      const data = await readDataOptions(options);
      const run = await withConnection(options, (connection, signal) =>
        registerDataset(
          connection,
          {
            source,
            name: options.name ?? nameOfSource(source),
            ...data,
          },
          signal,
        ),
      );
      if (options.json) return printJson(run.dataset);
      print(`data set ${run.dataset!.name} is registered (${run.dataset!.id})`);
    });
  withDataOptions(dataset.command('pack <source>'))
    .description(
      'write what `add` sends to a gateway: checked images and labels in one archive, the same bytes each time',
    )
    .requiredOption('--out <file>', 'where to put it, such as faces.tar')
    .option('--json', 'print JSON')
    .action(async (source: string, options: DataFlags & { readonly out: string; readonly json?: boolean }) => {
      const { reading, ...data } = await readDataOptions(options);
      const { openDataset, packSource } = await import('@kneepoint/datasets');
      const out = resolve(options.out);
      const made = await interruptible((signal) =>
        withScratch(async (scratch) => {
          const packed = await packSource(resolve(source), { ...data, ...reading, out, scratch, signal });
          if (packed !== out) await copyFile(packed, out);
          const opened = await openDataset(out);
          try {
            const { images, tasks, subject, notes } = opened.manifest;
            return { file: out, images: images.length, subject: subject ?? null, tasks, notes };
          } finally {
            await opened.close();
          }
        }),
      );
      if (options.json) return printJson({ ...made, tasks: made.tasks.map(({ name, type }) => ({ name, type })) });
      print(
        `${made.file}: ${made.images} images; ${made.tasks.map(({ name, type }) => `${name} (${type})`).join(', ')}`,
      );
      for (const text of made.notes) print(`  note: ${text}`);
    });
  withServerOptions(dataset.command('list'))
    .description('the data sets that are registered, newest first')
    .action(async (options: ServerOptions) => {
      const rows = await withConnection(options, async ({ client }) => {
        return nodesOf((await client.query(DatasetsDocument, { first: NEWEST })).datasets);
      });
      if (options.json) return printJson(rows);
      print(
        table(
          ['name', 'images', 'split by', 'tasks', 'digest', 'id'],
          rows.map((row) => [
            row.name,
            String(row.images),
            row.subject ?? 'image',
            row.tasks.map((task) => `${task.name} (${camel(task.type)})`).join(', '),
            row.artifact.sha256.slice(0, SHORT),
            row.id,
          ]),
          ['left', 'right', 'left', 'left', 'left', 'left'],
        ),
      );
    });
  registerNameCommands(dataset, 'dataset');
}
