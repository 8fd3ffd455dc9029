import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DataLocation, decodeModel, encodeModel } from '@kneepoint/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesOf, tarOf } from '../../packages/datasets/src/testing/tar-of.ts';
import { available, program } from '../support/available.ts';
import { type CliServer, startCliServer } from '../support/cli-server.ts';
import { filesOf } from '../support/files.ts';
import { ADMIN_TOKEN } from '../support/kneepoint.ts';
import { apollo } from './apollo.ts';
import { graphqlRequest } from './graphql-request.ts';
import { doJob, type StockClient } from './job.ts';
import { urql } from './urql.ts';

const HERE = import.meta.dirname;
const PACKAGE = join(HERE, '..', '..', 'python');
const hasPython = available('gql');
const hasCurl = available('jq');

interface LineageEvent {
  readonly eventType: string;
  readonly run: { readonly runId: string };
  readonly job: object;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly object[];
}

let server: CliServer;
let url: string;
let modelFile: string;
let datasetFile: string;
let whole: number;
beforeAll(async () => {
  server = await startCliServer('clients');
  ({ url } = JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string });
  whole = (await readFile(server.sample.model)).length;
  const { files, folder } = await parted(server.sample.model);
  modelFile = join(server.folder, 'model.tar');
  datasetFile = join(server.folder, 'faces.tar');
  await writeFile(modelFile, await tarOf(entriesOf(files)));
  await writeFile(datasetFile, await tarOf(entriesOf(await filesOf(server.sample.faces), 'faces/')));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
});
afterAll(() => server.stop());

/** A model with its first weight in a file beside it, as PyTorch's exporter writes large ones. */
async function parted(path: string): Promise<{ files: Record<string, Buffer>; folder: string }> {
  const model = decodeModel(await readFile(path));
  const [weight] = model.graph!.initializer;
  const weights = Buffer.from(weight!.rawData);
  Object.assign(weight!, { rawData: new Uint8Array(0), dataLocation: DataLocation.EXTERNAL });
  weight!.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'net.onnx.data' });
  const files = { 'net.onnx': Buffer.from(encodeModel(model)), 'net.onnx.data': weights };
  return { files, folder: dirname(path) };
}

/** Runs a program to its end; what it said. */
async function run(command: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const [file, ...args] = command;
  const { stdout } = await promisify(execFile)(file!, args, {
    env: { ...process.env, KNEEPOINT_TOKEN: ADMIN_TOKEN, ...env },
    maxBuffer: 2 ** 24,
  });
  return stdout;
}

const python = (): string => join(dirname(program('gql')), 'python');

function expectHalved(network: Uint8Array): void {
  expect(decodeModel(network).graph!.node.length).toBeGreaterThan(5);
  expect(network.length).toBeLessThan(0.8 * whole);
}

describe('a client that knows the schema alone does the whole job', () => {
  const clients: Record<string, (url: string, token: string) => StockClient> = {
    'graphql-request': graphqlRequest,
    'Apollo Client': apollo,
    'urql with graphql-ws': urql,
  };
  it.each(Object.entries(clients))('%s', async (name, open) => {
    const client = open(`${url}/graphql`, ADMIN_TOKEN);
    const [model, dataset] = await Promise.all([readFile(modelFile), readFile(datasetFile)]);
    const { states, label, network } = await doJob(client, { model, dataset, name }).finally(() => client.close?.());
    expect(label).toBe('macs-50pct');
    expectHalved(network);
    // Who follows by subscription hears the last state too.
    if (client.follow) expect(states.at(-1)).toBe('SUCCEEDED');
  });

  it.skipIf(!hasPython)('gql', async () => {
    const out = join(server.folder, 'gql.onnx');
    const said = await run([python(), join(HERE, 'gql_job.py'), url, modelFile, datasetFile, out]);
    expect(
      said
        .trim()
        .split('\n')
        .map((line) => line.split(' ').at(-1)),
    ).toEqual(Array(3).fill('SUCCEEDED'));
    expectHalved(await readFile(out));
  });

  it.skipIf(!hasCurl)('curl', async () => {
    const out = join(server.folder, 'curl.onnx');
    await run(['bash', join(HERE, 'curl.sh'), url, modelFile, datasetFile, out]);
    expectHalved(await readFile(out));
  });
});

it('the page on clients shows every file as it is run here', async () => {
  const page = await readFile(join(HERE, '..', '..', 'docs', 'clients.md'), 'utf8');
  const shown = new Map(
    [...page.matchAll(/^```\w+ test\/clients\/(\S+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name!, text!]),
  );
  const files = (await readdir(HERE)).filter((name) => !['README.md', 'clients.test.ts', '__pycache__'].includes(name));
  expect([...shown.keys()].sort()).toEqual(files.sort());
  for (const [name, text] of shown) expect(text).toBe(await readFile(join(HERE, name), 'utf8'));
});

describe.skipIf(!hasPython)('the Python package', () => {
  let environment: Record<string, string>;
  beforeAll(async () => {
    const wheels = join(server.folder, 'wheels');
    const installed = join(server.folder, 'installed');
    const pip = [python(), '-m', 'pip', '--quiet', '--disable-pip-version-check'];
    // Into an empty folder, with whatever its metadata asks for.
    await run([...pip, 'wheel', '--no-deps', '--no-build-isolation', '--wheel-dir', wheels, PACKAGE]);
    const [wheel] = await readdir(wheels);
    await run([...pip, 'install', '--target', installed, join(wheels, wheel!)]);
    environment = { PYTHONPATH: installed };
  });

  const interpret = (script: string): Promise<string> => run([python(), '-c', script], environment);

  it('does the job of its example, which its README shows', async () => {
    const example = await readFile(join(PACKAGE, 'examples', 'compress.py'), 'utf8');
    const shown = /```python\n([\s\S]*?)```/.exec(await readFile(join(PACKAGE, 'README.md'), 'utf8'))![1]!;
    expect(example).toContain(shown);
    const { model, faces } = server.sample;
    const out = join(server.folder, 'python');
    const net = join(dirname(model), 'net.onnx');
    const said = await run([python(), join(PACKAGE, 'examples', 'compress.py'), net, faces, 'gender', out], {
      ...environment,
      KNEEPOINT_URL: url,
    });
    expect(said).toMatch(/SUCCEEDED +100%/);
    expectHalved(await readFile(join(out, 'small.onnx')));
  });

  it.skipIf(!available('openlineage'))('tells OpenLineage what a run read and made', async () => {
    const gateway = `kneepoint.Client("${url}", token="${ADMIN_TOKEN}")`;
    const kinds = `(run["id"] for run in ${gateway}.runs() if run["kind"] == "COMPRESSION")`;
    const id = (await interpret(`import kneepoint\nprint(next${kinds})`)).trim();
    const log = join(server.folder, 'lineage.jsonl');
    await run([python(), '-B', join(PACKAGE, 'examples', 'lineage.py'), id], {
      ...environment,
      KNEEPOINT_URL: url,
      OPENLINEAGE__TRANSPORT__TYPE: 'file',
      OPENLINEAGE__TRANSPORT__LOG_FILE_PATH: log,
      OPENLINEAGE__TRANSPORT__APPEND: 'true',
    });
    const [began, ended] = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LineageEvent);
    expect([began!.eventType, ended!.eventType]).toEqual(['START', 'COMPLETE']);
    expect(ended!.run.runId).toBe(began!.run.runId);
    expect(ended!.job).toMatchObject({
      namespace: url,
      name: expect.stringMatching(/^compression\/.+\/gender$/) as string,
    });
    expect(ended!.inputs.map(({ name }) => name.split('/')[0])).toEqual(['models', 'datasets']);
    const found = `${gateway}.compressions("${id}")[0]["model"]["sha256"]`;
    const sha256 = (await interpret(`import kneepoint\nprint(${found})`)).trim();
    expect(ended!.outputs).toMatchObject([{ facets: { version: { datasetVersion: sha256 } } }]);
  });

  it('tells what the gateway refuses, by code, and a gateway that is away', async () => {
    const said = await interpret(`
import json, kneepoint
def code(call):
    try:
        call()
    except kneepoint.KneepointError as error:
        return [type(error).__name__, error.code, bool(error.fix), error.retryable]
gateway = kneepoint.Client("${url}", token="${ADMIN_TOKEN}")
print(json.dumps([
    code(lambda: gateway.run("no id")),
    code(lambda: gateway.launch_compression("no id", "no id", "gender")),
    code(lambda: kneepoint.Client("${url}", token="kp_wrong").query("{ viewer { name } }")),
    code(lambda: kneepoint.Client("http://127.0.0.1:9").query("{ viewer { name } }")),
    code(lambda: gateway.query("{ nothing }")),
]))`);
    expect(JSON.parse(said)).toEqual([
      ['KneepointError', 'ID_INVALID', true, false],
      ['KneepointError', 'ID_INVALID', false, false],
      ['KneepointError', 'UNAUTHENTICATED', true, false],
      ['GatewayUnreachable', 'GATEWAY_UNREACHABLE', true, true],
      ['KneepointError', 'GRAPHQL_VALIDATION_FAILED', false, false],
    ]);
  });

  it('raises for a run that failed, with why', async () => {
    const empty = join(server.folder, 'none.tar');
    await writeFile(empty, await tarOf(entriesOf({ 'README.md': 'nothing here' })));
    const said = await interpret(`
import kneepoint
try:
    kneepoint.Client("${url}", token="${ADMIN_TOKEN}").upload_model("${empty}", "none")
except kneepoint.RunFailed as error:
    print(error.code, error.run["state"], error.run["failure"]["retryable"], error.retryable)
    failed = {"id": "1", "state": "FAILED", "failure": {"code": "WORKER_LOST", "message": "away", "retryable": True}}
    print(kneepoint.RunFailed(failed).retryable)`);
    expect(said.trim().split('\n')).toEqual(['MODEL_ARCHIVE FAILED False False', 'True']);
  });
});
