import { join } from 'node:path';
import type { Command } from 'commander';
import type { AnswerKind } from '@kneepoint/deployment';
import type { GatewayClient } from '../client/gateway-client.ts';
import { writeBeside } from '../client/beside.ts';
import { download, writeTextFile } from '../client/download.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { follow, launch, type PruningView, pruningsOf } from '../client/runs.ts';
import { print, printJson } from '../output.ts';
import { renderReport, reportMarkdown } from '../render/report.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import {
  type PlanFlags,
  type PlanRequest,
  readGoals,
  readNames,
  readPlanRequest,
  readTasks,
  type TargetRequest,
  withPlanFlags,
} from './plan-options.ts';

export interface PruneRequest {
  readonly model: string;
  readonly dataset: string;
  readonly plan: PlanRequest;
  readonly epsilons?: readonly number[];
  readonly targets?: readonly TargetRequest[];
}

interface PruneOptions extends ServerOptions, PlanFlags {
  readonly out?: string;
  readonly answers?: string;
}

/** Of commands that write networks. */
export const ANSWERS_HELP =
  'what the written network gives: raw scores, probabilities (sigmoid or softmax), or labels by the thresholds and bins of the report';

export function registerPrune(program: Command): void {
  withPlanFlags(withServerOptions(program.command('prune <model> <dataset> <tasks>')), { several: true })
    .description('cut what a task, or several separated by commas, does not need')
    .option('--out <folder>', 'where to put the networks and reports')
    .option('--answers <kind>', ANSWERS_HELP)
    .action(async (model: string, dataset: string, tasks: string, options: PruneOptions) => {
      const goals = readGoals(options);
      const { readAnswerKind } = await import('@kneepoint/deployment');
      const answers = readAnswerKind(options.answers, { trained: false });
      const plan = { ...readTasks(tasks), ...readPlanRequest(options) };
      const stem = `${model}-${readNames(tasks).join('+')}`;
      const prunings = await withConnection(options, async ({ client }, signal) => {
        const request: PruneRequest = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          plan,
          ...goals,
        };
        const { prunings: made } = await prune(client, request, signal);
        if (options.out) await saveAll(made, options.out, stem, { answers, signal });
        return made;
      });
      if (options.json)
        return printJson(prunings.length === 1 ? prunings[0]!.report : prunings.map((made) => made.report));
      for (const made of prunings) print(`${renderReport(made.report)}\n`);
      if (!options.out)
        print(prunings.map((made) => `kneepoint get ${made.model.sha256} --out ${stem}-${made.label}.onnx`).join('\n'));
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
    `prune for ${wantedBy(request)}`,
    signal,
  );
  return { runId: run.id, reused: run.reused, prunings: await pruningsOf(client, run.id) };
}

/** What the network is for, in words. */
export function wantedBy({ plan: { task, tasks = [] } }: Pick<PruneRequest, 'plan'>): string {
  return task ?? tasks.join(', ');
}

/** The network, what lies beside it, its report as JSON and as Markdown, for each ε and target; every file whole or absent. */
export async function saveAll(
  prunings: readonly PruningView[],
  folder: string,
  stem: string,
  { answers = 'raw', signal }: { readonly answers?: AnswerKind; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const { label, model, report } of prunings) {
    const path = join(folder, `${stem}-${label}`);
    await download(model, `${path}.onnx`);
    if (answers !== 'raw') {
      const { answerFile } = await import('@kneepoint/deployment');
      await answerFile(`${path}.onnx`, answers, signal);
    }
    await writeTextFile(`${path}.report.json`, `${JSON.stringify(report, null, 2)}\n`);
    await writeTextFile(`${path}.report.md`, reportMarkdown(report, `${stem}-${label}`));
    written.push(`${path}.onnx`, ...(await writeBeside(`${path}.onnx`)), `${path}.report.json`, `${path}.report.md`);
  }
  return [...new Set(written)];
}
