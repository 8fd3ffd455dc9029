import { randomUUID } from 'node:crypto';
import type { Report, ReportResult } from '@kneepoint/workflow';
import { modelFolder } from './model-folder.ts';
import { classTable, type Entry, type Metric, resultName, runRecords } from './run-records.ts';
import { isRefusal, type TrackingServer } from './tracking-server.ts';

export interface ExportRequest {
  readonly report: Report;
  readonly result: ReportResult;
  /** The file that the result delivers. */
  readonly onnx: Uint8Array;
  /** What lies beside report.json for people, by path, such as report.html and figures/classes.svg. */
  readonly pages?: Readonly<Record<string, Uint8Array>>;
  readonly experiment: string;
  /** Name in the registry; absent where it is not registered. */
  readonly register?: string | undefined;
  /** Points at the version that is made. */
  readonly alias?: string | undefined;
}

export interface Exported {
  readonly runId: string;
  readonly experimentId: string;
  /** In the registry; null where nothing was registered. */
  readonly version: string | null;
  /** Where people see it. */
  readonly url: string;
  /** It was there already. */
  readonly again: boolean;
}

/** Where in a run the network lies, as MLflow's own examples have it. */
const MODEL = 'model';
/** A table that the server's page shows. */
const CLASSES = 'classes.json';
/** So much is taken at once. */
const METRICS_AT_ONCE = 1_000;
const ENTRIES_AT_ONCE = 100;

/**
 * Makes one result of a report a finished run of MLflow, with its network as a model, and registers that. What was exported before is found
 * again and not made twice; only its registration is made where it is missing. Throws MLFLOW_REFUSED, MLFLOW_UNREACHABLE.
 */
export async function exportResult(server: TrackingServer, request: ExportRequest): Promise<Exported> {
  const { report, result, experiment, register, alias } = request;
  const experimentId = await experimentOf(server, experiment);
  const earlier = await findRun(server, experimentId, resultName(report, result));
  const run = earlier ?? (await writeRun(server, experimentId, request));
  const version = register === undefined ? null : await registered(server, { run, register, alias, result });
  return {
    ...{ runId: run.run_id, experimentId, version },
    url: `${server.url}/#/experiments/${experimentId}/runs/${run.run_id}`,
    again: earlier !== undefined,
  };
}

interface RunInfo {
  readonly run_id: string;
  readonly artifact_uri: string;
}

async function experimentOf(server: TrackingServer, name: string): Promise<string> {
  const find = async (): Promise<string> => {
    const { experiment } = await server.get('experiments/get-by-name', { experiment_name: name });
    return (experiment as { readonly experiment_id: string }).experiment_id;
  };
  try {
    return await find();
  } catch (error) {
    if (!isRefusal(error, 'RESOURCE_DOES_NOT_EXIST')) throw error;
  }
  try {
    const { experiment_id: id } = await server.post('experiments/create', { name });
    return String(id);
  } catch (error) {
    // Somebody made it in this very moment.
    if (isRefusal(error, 'RESOURCE_ALREADY_EXISTS')) return find();
    throw error;
  }
}

async function findRun(server: TrackingServer, experimentId: string, name: string): Promise<RunInfo | undefined> {
  const quoted = name.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const { runs = [] } = await server.post('runs/search', {
    experiment_ids: [experimentId],
    filter: `tags."kneepoint.result" = '${quoted}' and attributes.status = 'FINISHED'`,
    max_results: 1,
  });
  return (runs as readonly { readonly info: RunInfo }[])[0]?.info;
}

async function writeRun(server: TrackingServer, experimentId: string, request: ExportRequest): Promise<RunInfo> {
  const { report, result, onnx, pages = {} } = request;
  const records = runRecords(report, result);
  const { run } = await server.post('runs/create', {
    ...{ experiment_id: experimentId, run_name: records.name, start_time: records.startedAt },
    tags: [...records.tags],
  });
  const { info } = run as { readonly info: RunInfo };
  const end = (status: string): Promise<unknown> =>
    server.post('runs/update', { run_id: info.run_id, status, end_time: records.endedAt });
  try {
    await log(server, info.run_id, 'params', records.params, ENTRIES_AT_ONCE);
    await log(server, info.run_id, 'metrics', records.metrics, METRICS_AT_ONCE);
    const document = new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`);
    for (const [path, bytes] of Object.entries({ 'report.json': document, ...pages })) {
      await server.putFile(info.artifact_uri, path, bytes);
    }
    const table = classTable(result);
    if (table !== undefined) {
      await server.putFile(info.artifact_uri, CLASSES, new TextEncoder().encode(table));
      const value = JSON.stringify([{ path: CLASSES, type: 'table' }]);
      await server.post('runs/set-tag', { run_id: info.run_id, key: 'mlflow.loggedArtifacts', value });
    }
    const folder = modelFolder({
      ...{ onnx, runId: info.run_id, path: MODEL, mlflow: await versionOf(server) },
      ...{ at: new Date(records.endedAt), uuid: randomUUID().replaceAll('-', '') },
    });
    for (const [name, contents] of Object.entries(folder.files)) {
      const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
      await server.putFile(info.artifact_uri, `${MODEL}/${name}`, bytes);
    }
    await server.post('runs/log-model', { run_id: info.run_id, model_json: JSON.stringify(folder.description) });
    await end('FINISHED');
  } catch (error) {
    await end('FAILED').catch(() => undefined);
    throw error;
  }
  return info;
}

async function log(
  server: TrackingServer,
  runId: string,
  what: 'params' | 'metrics',
  records: readonly (Entry | Metric)[],
  most: number,
): Promise<void> {
  for (let from = 0; from < records.length; from += most) {
    await server.post('runs/log-batch', { run_id: runId, [what]: records.slice(from, from + most) });
  }
}

/** What Python has to be installed that the server understands. */
async function versionOf(server: TrackingServer): Promise<string> {
  const text = (await server.version()) ?? '';
  return /^\d+\.\d+[\w.]*$/.test(text) ? text : '3.0.0';
}

interface Registration {
  readonly run: RunInfo;
  readonly register: string;
  readonly alias: string | undefined;
  readonly result: ReportResult;
}

async function registered(
  server: TrackingServer,
  { run, register: name, alias, result }: Registration,
): Promise<string> {
  await server.post('registered-models/create', { name }).catch((error: unknown) => {
    if (!isRefusal(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
  });
  const source = `${run.artifact_uri}/${MODEL}`;
  const version = (await versionFrom(server, name, run)) ?? (await newVersion(server, name, source, run, result));
  if (alias !== undefined) await server.post('registered-models/alias', { name, alias, version });
  return version;
}

async function versionFrom(server: TrackingServer, name: string, { run_id: id }: RunInfo): Promise<string | undefined> {
  const filter = `name='${name.replaceAll("'", "\\'")}' and run_id='${id}'`;
  const { model_versions: found = [] } = await server.get('model-versions/search', { filter, max_results: '1' });
  return (found as readonly { readonly version: string }[])[0]?.version;
}

async function newVersion(
  server: TrackingServer,
  name: string,
  source: string,
  { run_id: id }: RunInfo,
  { verdict, delivered }: ReportResult,
): Promise<string> {
  const { model_version: made } = await server.post('model-versions/create', {
    ...{ name, source, run_id: id, description: verdict },
    tags: [{ key: 'kneepoint.delivered', value: delivered.sha256 }],
  });
  return (made as { readonly version: string }).version;
}
