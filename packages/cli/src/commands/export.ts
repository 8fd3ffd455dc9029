import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ReportFileDocument } from '@kneepoint/client';
import { download, type KneepointClient } from '@kneepoint/client/node';
import { Failure } from '@kneepoint/failures';
import type { Exported } from '@kneepoint/mlflow';
import type { Report, ReportResult } from '@kneepoint/workflow';
import type { Command } from 'commander';
import { findRun } from '../client/lookup.ts';
import { withScratch } from '../client/register.ts';
import { saveReportPage } from '../client/report-page.ts';
import { note, print, printJson } from '../output.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface MlflowOptions extends ServerOptions {
  readonly trackingUri?: string;
  readonly experiment: string;
  readonly label?: string;
  readonly register?: string;
  readonly alias?: string;
}

/** `export mlflow`: what a run made, for other systems. */
export function registerExport(program: Command): void {
  const parent = program.command('export').description('hand on what a run made');
  withServerOptions(parent.command('mlflow <run>'))
    .description('a finished run with its report and networks as runs of MLflow, and as models of its registry')
    .option('--tracking-uri <uri>', 'address of an MLflow server (default: MLFLOW_TRACKING_URI)')
    .option('--experiment <name>', 'experiment that it is put into, made where it is missing', 'kneepoint')
    .option(
      '--label <name>',
      'one of several results of the run, such as keep-99pct, macs-80pct or 0.01 (default: all)',
    )
    .option('--register <name>', 'register the network under a name of the registry')
    .option('--alias <alias>', 'with --register: what points at this version from now on, such as champion')
    .action(async (id: string, options: MlflowOptions) => {
      const { register, alias, json } = options;
      if (alias !== undefined && register === undefined) {
        throw new Failure('MLFLOW_OPTION_INVALID', 'an alias is one of a registered model', {
          where: '--alias',
          fix: 'Pass --register NAME, too.',
        });
      }
      const exported = await withConnection(options, ({ client }) => exportRun(client, id, options));
      if (json) return printJson(exported);
      for (const { url, version, again, label } of exported) {
        print(url);
        const said = version === null ? '' : `, version ${version} of "${register}"${alias ? `, alias ${alias}` : ''}`;
        note(`${label}${again ? ' was there already' : ' is exported'}${said}`);
      }
    });
}

async function exportRun(
  client: KneepointClient,
  given: string,
  { trackingUri, experiment, label, register, alias }: MlflowOptions,
): Promise<readonly (Exported & { readonly label: string })[]> {
  const [{ exportResult }, server] = await Promise.all([import('@kneepoint/mlflow'), trackingServer(trackingUri)]);
  return withScratch(async (folder) => {
    const { run } = await client.query(ReportFileDocument, { id: (await findRun(client, given)).id });
    if (!run?.report) {
      throw new Failure('REPORT_MISSING', 'the run has no report', {
        where: '<run>',
        fix: 'Pass a pruning or compression that has succeeded; `kneepoint runs` lists them.',
      });
    }
    const report = await client.downloadJson<Report>(run.report.file);
    const pages = await pagesOf(client, report, folder);
    const exported: (Exported & { readonly label: string })[] = [];
    for (const result of chosen(report, label)) {
      const path = join(folder, 'model.onnx');
      await download(client, result.delivered.sha256, path);
      const onnx = await readFile(path);
      const made = await exportResult(server, { report, result, onnx, pages, experiment, register, alias });
      exported.push({ label: result.label, ...made });
    }
    return exported;
  });
}

/** The report for people and its figures, by path. Others see that server than the data set: it gets none of its pictures. */
async function pagesOf(client: KneepointClient, report: Report, folder: string): Promise<Record<string, Uint8Array>> {
  await saveReportPage(client, report, folder, { pictures: false });
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map(async (path) => [relative(folder, path), await readFile(path)] as const);
  return Object.fromEntries(await Promise.all(files));
}

function chosen({ results }: Report, label: string | undefined): readonly ReportResult[] {
  const found = label === undefined ? results : results.filter((result) => result.label === label);
  if (found.length > 0) return found;
  throw new Failure('MLFLOW_OPTION_INVALID', `the run made no "${label}"`, {
    where: '--label',
    fix: `Pass one of ${results.map((result) => result.label).join(', ')}.`,
  });
}

/** The server that an option or MLflow's own variable names, logged in as MLflow's client would be. */
export async function trackingServer(option: string | undefined) {
  const { connectTracking } = await import('@kneepoint/mlflow');
  const { MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_TOKEN: token } = process.env;
  const { MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password } = process.env;
  return connectTracking(option ?? uri ?? '', { token, username, password });
}
