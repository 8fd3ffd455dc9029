import { basename } from 'node:path';
import { ModelsDocument, nodesOf } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { SHORT } from '../client/lookup.ts';
import { registerModel, withScratch } from '../client/register.ts';
import { print, printJson } from '../output.ts';
import { compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { trackingServer } from './export.ts';
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
  readonly mlflow?: string;
  readonly trackingUri?: string;
}

/** Models that are listed. */
const NEWEST = 100;

export function registerModelCommands(program: Command): void {
  const model = program.command('model').description('networks');
  withPreprocessOptions(withServerOptions(model.command('add [file]')))
    .description('import an ONNX file')
    .option('--name <name>', 'how it is called (default: the name of the file)')
    .option('--primary-task <task>', 'the task that it was trained for')
    .option('--mlflow <model>', 'in place of a file: models:/NAME@ALIAS or models:/NAME/VERSION of an MLflow registry')
    .option('--tracking-uri <uri>', 'with --mlflow: address of the server (default: MLFLOW_TRACKING_URI)')
    .action(async (given: string | undefined, options: AddOptions) => {
      const add = async (file: string, named: string) => {
        const preprocess = await readPreprocess(options, file);
        const model = {
          file,
          name: options.name ?? named,
          ...(preprocess ? { preprocess } : {}),
          ...(options.primaryTask ? { primaryTask: options.primaryTask } : {}),
        };
        return withConnection(options, (connection, signal) => registerModel(connection, model, signal));
      };
      const run =
        options.mlflow === undefined
          ? await add(requireGiven(given), basename(given!).replace(/\.onnx$/i, ''))
          : await fromMlflow(options.mlflow, options.trackingUri, add);
      if (options.json) return printJson(run.model);
      print(`model ${run.model!.name} is registered (${run.model!.id})`);
    });
  withServerOptions(model.command('list'))
    .description('the models that are registered, newest first')
    .action(async (options: ServerOptions) => {
      const rows = await withConnection(options, async ({ client }) => {
        return nodesOf((await client.query(ModelsDocument, { first: NEWEST })).models);
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

/** Brings a model of a registry here, and registers it from there. */
async function fromMlflow<T>(
  reference: string,
  trackingUri: string | undefined,
  add: (file: string, name: string) => Promise<T>,
): Promise<T> {
  const { fetchModel } = await import('@kneepoint/mlflow');
  const server = await trackingServer(trackingUri);
  return withScratch(async (folder) => {
    const { file, name } = await fetchModel(server, reference, folder);
    return add(file, name);
  });
}

function requireGiven(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new Failure('MODEL_FILE_MISSING', 'no file was named', {
    where: '<file>',
    fix: 'Pass an ONNX file, or --mlflow.',
  });
}
