import { basename } from 'node:path';
import type { Command } from 'commander';
import { SHORT } from '../client/lookup.ts';
import { registerModel } from '../client/register.ts';
import { print, printJson } from '../output.ts';
import { compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { registerModelCheck } from './model-check.ts';
import { registerNameCommands } from './names.ts';
import {
  type PreprocessOptions,
  readPreprocess,
  type ServerOptions,
  withConnection,
  withPreprocessOptions,
  withServerOptions,
} from './options.ts';

interface AddOptions extends ServerOptions, PreprocessOptions {
  readonly name?: string;
  readonly primaryTask?: string;
}

interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly parameters: number;
  readonly macs: number;
  readonly taps: readonly { readonly layer: string }[];
  readonly artifact: { readonly sha256: string };
}

export function registerModelCommands(program: Command): void {
  const model = program.command('model').description('networks');
  withPreprocessOptions(withServerOptions(model.command('add <file>')))
    .description('import an ONNX file')
    .option('--name <name>', 'how it is called (default: the name of the file)')
    .option('--primary-task <task>', 'the task that it was trained for')
    .action(async (file: string, options: AddOptions) => {
      const preprocess = await readPreprocess(options, file);
      const run = await withConnection(options, (connection, signal) =>
        registerModel(
          connection,
          {
            file,
            name: options.name ?? basename(file).replace(/\.onnx$/i, ''),
            ...(preprocess ? { preprocess } : {}),
            ...(options.primaryTask ? { primaryTask: options.primaryTask } : {}),
          },
          signal,
        ),
      );
      if (options.json) return printJson(run.model);
      print(`model ${run.model!.name} is registered (${run.model!.id})`);
      for (const text of run.model!.notes) print(`  note: ${text}`);
    });
  withServerOptions(model.command('list'))
    .description('the models that are registered, newest first')
    .action(async (options: ServerOptions) => {
      const rows = await withConnection(options, async ({ client }) => {
        const data = await client.query<{ models: { edges: { node: ModelRow }[] } }>(
          '{ models(first: 100) { edges { node { id name parameters macs taps { layer } artifact { sha256 } } } } }',
        );
        return data.models.edges.map((edge) => edge.node);
      });
      if (options.json) return printJson(rows);
      print(
        table(
          ['name', 'parameters', 'MACs', 'layers', 'digest', 'id'],
          rows.map((row) => [
            ...[row.name, compact(row.parameters), compact(row.macs), String(row.taps.length)],
            ...[row.artifact.sha256.slice(0, SHORT), row.id],
          ]),
          ['left', 'right', 'right', 'right', 'left', 'left'],
        ),
      );
    });
  registerModelCheck(model);
  registerNameCommands(model, 'model');
}
