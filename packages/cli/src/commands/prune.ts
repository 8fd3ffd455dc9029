import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { download, type KneepointClient, LaunchPruneDocument, type LaunchPruneInput } from '@kneepoint/client/node';
import type { Command } from 'commander';
import type { AnswerKind } from '@kneepoint/workflow';
import { writeBeside } from '../client/beside.ts';
import { launch } from '../client/launch.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { saveReportPage } from '../client/report-page.ts';
import { follow, type MadeView, pruningsOf, reportOf } from '../client/runs.ts';
import { print, printJson } from '../output.ts';
import { writeTextFile } from '../write-text-file.ts';
import { type AnsweringFile, renderResult, resultMarkdown } from '../render/report.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';
import { type PlanFlags, readGoals, readNames, readPlanRequest, readTasks, withPlanFlags } from './plan-options.ts';

interface PruneOptions extends ServerOptions, PlanFlags, RunDetailFlags {
  readonly out?: string;
  readonly answers?: string;
}

/** Of commands that write networks. */
export const ANSWERS_HELP =
  'what the written network gives: raw scores, probabilities (sigmoid or softmax), or labels by the thresholds and bins of the report';

export function registerPrune(program: Command): void {
  const command = program.command('prune <model> <dataset> <tasks>');
  withPlanFlags(withRunDetails(withServerOptions(command)), { several: true })
    .description('cut what a task, or several separated by commas, does not need')
    .option('--out <folder>', 'where to put the networks and reports')
    .option('--answers <kind>', ANSWERS_HELP)
    .action(async (model: string, dataset: string, tasks: string, options: PruneOptions) => {
      const goals = readGoals(options);
      const details = readRunDetails(options);
      const { readAnswerKind } = await import('@kneepoint/deployment');
      const answers = readAnswerKind(options.answers, { trained: false });
      const plan = { ...readTasks(tasks), ...readPlanRequest(options) };
      const stem = `${model}-${readNames(tasks).join('+')}`;
      const made = await withConnection(options, async ({ client }, signal) => {
        const request: LaunchPruneInput = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          plan,
          ...goals,
          ...details,
        };
        const pruned = await prune(client, request, signal);
        if (options.out) await saveAll(client, pruned.made, options.out, stem, { answers, signal });
        return pruned.made;
      });
      const report = reportOf(made);
      if (options.json) return printJson(report);
      for (const result of report.results) print(`${renderResult(result, report)}\n`);
      if (options.out) return;
      const fetches = made.networks.map(
        ({ label, model: { sha256 } }) => `kneepoint get ${sha256} --out ${stem}-${label}.onnx`,
      );
      print(fetches.join('\n'));
    });
}

export async function prune(
  client: KneepointClient,
  request: LaunchPruneInput,
  signal: AbortSignal,
): Promise<{ readonly runId: string; readonly reused: boolean; readonly made: MadeView }> {
  const launched = await launch(client, LaunchPruneDocument, request);
  const run = await follow(client, launched.run, `prune for ${wantedBy(request)}`, signal);
  return { runId: run.id, reused: run.reused, made: await pruningsOf(client, run.id) };
}

/** What the network is for, in words. */
export function wantedBy({ plan: { task, tasks } }: Pick<LaunchPruneInput, 'plan'>): string {
  return task ?? (tasks ?? []).join(', ');
}

/**
 * Each network, what lies beside it and its result as Markdown, and `report.json` and `report.html` for all of them, where the run has one;
 * every file whole or absent.
 */
export async function saveAll(
  client: KneepointClient,
  { report, networks }: MadeView,
  folder: string,
  stem: string,
  { answers = 'raw', signal }: { readonly answers?: AnswerKind; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const { label, model, result } of networks) {
    const path = join(folder, `${stem}-${label}`);
    await download(client, model, `${path}.onnx`);
    let answering: AnsweringFile | undefined;
    if (answers !== 'raw') {
      const { answerFile } = await import('@kneepoint/deployment');
      await answerFile(`${path}.onnx`, answers, signal);
      answering = { answers, bytes: (await stat(`${path}.onnx`)).size };
    }
    written.push(`${path}.onnx`, ...(await writeBeside(`${path}.onnx`)));
    if (!report || !result) continue;
    written.push(`${path}.report.md`);
    await writeTextFile(`${path}.report.md`, resultMarkdown(result, report, `${stem}-${label}`, answering));
  }
  if (report) {
    written.push(join(folder, 'report.json'));
    await writeTextFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    written.push(...(await saveReportPage(client, report, folder, { signal })));
  }
  return [...new Set(written)];
}
