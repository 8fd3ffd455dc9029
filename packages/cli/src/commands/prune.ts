import { join } from 'node:path';
import type { Command } from 'commander';
import type { GatewayClient } from '../client/gateway-client.ts';
import { download, writeTextFile } from '../client/download.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { follow, launch, type PruningView, pruningsOf } from '../client/runs.ts';
import { print, printJson } from '../output.ts';
import { renderReport, reportMarkdown } from '../render/report.ts';
import { readEpsilons, readMinFilters } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

export interface PruneRequest {
  readonly model: string;
  readonly dataset: string;
  readonly task: string;
  readonly epsilons: readonly number[];
  readonly layer?: string;
  readonly minFilters?: number;
}

interface PruneOptions extends ServerOptions {
  readonly epsilon: string;
  readonly layer?: string;
  readonly minFilters?: string;
  readonly out?: string;
}

export function registerPrune(program: Command): void {
  withServerOptions(program.command('prune <model> <dataset> <task>'))
    .description('cut what the task does not need, for one ε or several')
    .option('--epsilon <e>', 'how much of the drop in error may be given up; several separated by commas', '0.01')
    .option('--layer <name>', 'the layer that the head reads (default: the best on validation)')
    .option('--min-filters <n>', 'keep at least so many in each layer')
    .option('--out <folder>', 'where to put the networks and reports')
    .action(async (model: string, dataset: string, task: string, options: PruneOptions) => {
      const limits = { epsilons: readEpsilons(options.epsilon), ...readMinFilters(options.minFilters) };
      const prunings = await withConnection(options, async ({ client }, signal) => {
        const request: PruneRequest = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          task,
          ...limits,
          ...(options.layer ? { layer: options.layer } : {}),
        };
        const { prunings: made } = await prune(client, request, signal);
        if (options.out) await saveAll(made, options.out, `${model}-${task}`);
        return made;
      });
      if (options.json)
        return printJson(prunings.length === 1 ? prunings[0]!.report : prunings.map((made) => made.report));
      for (const made of prunings) print(`${renderReport(made.report)}\n`);
      if (!options.out)
        print(
          prunings
            .map((made) => `kneepoint get ${made.model.sha256} --out ${model}-${task}-${made.epsilon}.onnx`)
            .join('\n'),
        );
    });
}

export async function prune(
  client: GatewayClient,
  request: PruneRequest,
  signal: AbortSignal,
): Promise<{ readonly runId: string; readonly reused: boolean; readonly prunings: readonly PruningView[] }> {
  const run = await follow(
    client,
    await launch(client, 'launchPrune', 'LaunchPruneInput', request),
    `prune for ${request.task}`,
    signal,
  );
  return { runId: run.id, reused: run.reused, prunings: await pruningsOf(client, run.id) };
}

/** The network, its report as JSON and as Markdown, for each ε; every file whole or absent. */
export async function saveAll(
  prunings: readonly PruningView[],
  folder: string,
  stem: string,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const { epsilon, model, report } of prunings) {
    const path = join(folder, `${stem}-${epsilon}`);
    await download(model, `${path}.onnx`);
    await writeTextFile(`${path}.report.json`, `${JSON.stringify(report, null, 2)}\n`);
    await writeTextFile(`${path}.report.md`, reportMarkdown(report, `${stem}-${epsilon}`));
    written.push(`${path}.onnx`, `${path}.report.json`, `${path}.report.md`);
  }
  return written;
}
