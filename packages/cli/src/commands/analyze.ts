import { LaunchAnalysisDocument } from '@kneepoint/client';
import type { Command } from 'commander';
import { launch } from '../client/launch.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { follow } from '../client/runs.ts';
import { print, printJson } from '../output.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';

export function registerAnalyze(program: Command): void {
  withRunDetails(withServerOptions(program.command('analyze <model> <dataset>')))
    .description("every layer's responses, probes and characteristic curves")
    .option('--tasks <names>', 'only these tasks, separated by commas')
    .action(async (model: string, dataset: string, options: ServerOptions & RunDetailFlags & { tasks?: string }) => {
      const details = readRunDetails(options);
      const run = await withConnection(options, async ({ client }, signal) => {
        const input = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          ...(options.tasks ? { tasks: options.tasks.split(',') } : {}),
          ...details,
        };
        const launched = await launch(client, LaunchAnalysisDocument, input);
        return follow(client, launched.run, `analyse ${model}`, signal);
      });
      if (options.json) return printJson({ id: run.id, state: run.state, reused: run.reused });
      print(
        run.reused
          ? `nothing to do: ${model} was analysed on ${dataset} before`
          : `${model} is analysed on ${dataset}; see \`kneepoint matrix\` and \`kneepoint curves\``,
      );
    });
}
