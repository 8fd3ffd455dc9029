import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeModel } from '@kneepoint/onnx';
import { type Report, reportOf } from '@kneepoint/workflow';
import { datasetReference, measuredResult, modelReference, tinyNet } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, openTestGateway } from '../../../services/gateway/src/testing/test-gateway.ts';
import { main } from '../../cli/src/main.ts';
import { runModel } from '../../onnx/src/testing/runtime.ts';
import { available } from '../../../test/support/available.ts';
import { mlflowPython, startMlflow } from '../../../test/support/mlflow.ts';
import type { RunningService } from '../../../test/support/server-process.ts';
import { exportResult } from './export-result.ts';
import { fetchModel } from './fetch-model.ts';
import { runRecords } from './run-records.ts';
import { connectTracking, type TrackingServer } from './tracking-server.ts';

const IMAGES = 20;
const SIZE = 16;
const ONNX = encodeModel(tinyNet().model);
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The report of a run that delivered that network: 18 of 20 test images right. */
const REPORT: Report = reportOf({
  kneepoint: '0.1.0',
  run: {
    ...{ id: 'UnVuOjI', kind: 'COMPRESSION', name: 'nightly', labels: { team: 'vision' }, createdBy: 'ada' },
    ...{ createdAt: '2026-01-02T03:00:00.000Z', startedAt: '2026-01-02T03:00:01.000Z', reused: false },
    endedAt: '2026-01-02T03:04:06.000Z',
  },
  command: 'kneepoint compress --model net.onnx --data faces --task gender --out small',
  model: {
    ...{ id: 'TW9kZWw6MQ', name: 'net', sha256: modelReference().sha256, bytes: 4000, primaryTask: null },
    ...{ license: 'MIT', author: null, metadata: {} },
  },
  dataset: { id: null, name: 'faces', sha256: datasetReference().sha256, images: 100, subject: null, notes: [] },
  preprocess: modelReference().preprocess,
  tasks: [{ name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] }],
  seed: 1,
  results: [{ label: '0.01', measured: measuredResult(), sha256: digestOf(ONNX), bytes: ONNX.byteLength }],
  links: { graphql: 'https://kneepoint.example.org/graphql' },
});
const [RESULT] = REPORT.results;

/** What MLflow's own client finds, as JSON. */
const READ_BACK = `
import json, sys, numpy as np, mlflow, tempfile
from mlflow import MlflowClient
uri, run_id, folder = sys.argv[1:]
mlflow.set_tracking_uri(uri); mlflow.set_registry_uri(uri)
client = MlflowClient()
run = client.get_run(run_id)
version = client.get_model_version_by_alias('gender', 'champion')
with open(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path='report.json')) as file: report = json.load(file)
model = mlflow.pyfunc.load_model('models:/gender@champion')
native = mlflow.onnx.load_model('models:/gender@champion')
data = json.load(open(folder + '/images.json'))
images = np.asarray(data['images'], np.float32)
answers = model.predict({'image': images})
scores = np.asarray(next(iter(answers.values())))[:, 0]
threshold = report['results'][0]['delivered']['tasks'][0]['thresholds'][0]
right = ((scores >= threshold).astype(int) == np.asarray(data['labels'])).mean()
example = model.predict(model.input_example)
mlflow.set_experiment(experiment_id=run.info.experiment_id)
classes = mlflow.load_table('classes.json', run_ids=[run_id])
print(json.dumps({
  'status': run.info.status, 'name': run.info.run_name, 'user': run.data.tags.get('mlflow.user'),
  'start': run.info.start_time, 'end': run.info.end_time,
  'params': run.data.params, 'metrics': run.data.metrics, 'tags': run.data.tags,
  'losses': [[m.step, m.value] for m in client.get_metric_history(run_id, 'val_loss')],
  'version': version.version, 'of': version.run_id, 'note': version.description,
  'inputs': model.metadata.signature.inputs.to_dict(), 'outputs': model.metadata.signature.outputs.to_dict(),
  'example': list(np.asarray(next(iter(example.values()))).shape),
  'opset': native.opset_import[0].version, 'scores': scores.tolist(), 'right': right,
  'classes': classes[['class', 'images', 'recall_before', 'recall_after']].values.tolist(),
}))
`;

/** A model as MLflow 3 itself logs and registers it. */
const LOG_OWN = `
import sys, onnx, mlflow
mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_registry_uri(sys.argv[1])
mlflow.set_experiment('own')
with mlflow.start_run():
    mlflow.onnx.log_model(onnx.load(sys.argv[2]), name='net', registered_model_name='own', save_as_external_data=False)
mlflow.MlflowClient().set_registered_model_alias('own', 'best', 1)
`;

describe.skipIf(!available('mlflow'))('with a real MLflow server', () => {
  let service: RunningService;
  let server: TrackingServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-mlflow-'));
    service = await startMlflow();
    server = await connectTracking(service.url);
  }, 150_000);
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const request = { report: REPORT, result: RESULT!, onnx: ONNX, experiment: 'compressions' };
  const python = async (script: string, ...args: readonly string[]): Promise<string> => {
    const environment = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', PYTHONWARNINGS: 'ignore' };
    return (await promisify(execFile)(mlflowPython(), ['-c', script, ...args], { env: environment })).stdout;
  };

  it('MLflow’s own client reads back what was exported, and its pyfunc answers as the report says', async () => {
    const images = Float32Array.from({ length: IMAGES * 3 * SIZE * SIZE }, (_, i) => Math.sin(i * 0.37 + (i % 7)));
    const answers = await runModel(ONNX, { image: { dims: [IMAGES, 3, SIZE, SIZE], data: images } });
    const [{ data, dims }] = Object.values(answers) as [{ data: Float32Array; dims: readonly number[] }];
    const scores = Array.from({ length: IMAGES }, (_, row) => data[row * dims[1]!]!);
    // Two of twenty have the other label: what the report says of the network.
    const labels = scores.map((score, row) => (score >= 0 === row > 1 ? 1 : 0));
    const nested = Array.from({ length: IMAGES }, (_, n) =>
      [0, 1, 2].map((c) =>
        Array.from({ length: SIZE }, (__, y) => {
          const from = ((n * 3 + c) * SIZE + y) * SIZE;
          return [...images.subarray(from, from + SIZE)];
        }),
      ),
    );
    await writeFile(join(folder, 'images.json'), JSON.stringify({ images: nested, labels }));

    const exported = await exportResult(server, { ...request, register: 'gender', alias: 'champion' });
    expect(exported).toMatchObject({ version: '1', again: false });
    const found = JSON.parse(await python(READ_BACK, service.url, exported.runId, folder)) as Record<string, unknown>;
    expect(found).toMatchObject({
      ...{ status: 'FINISHED', name: 'nightly 0.01', user: 'ada', version: '1', of: exported.runId },
      ...{ start: Date.parse(REPORT.run.startedAt!), end: Date.parse(REPORT.run.endedAt!) },
      params: { task: 'gender', epsilon: '0.01', criterion: 'lasso', delivered: 'finetuned', split_seed: '1' },
      metrics: {
        ...{ 'before/macs': 100_000, 'after/macs': 10_000, 'accuracy/probe': 0.8, 'accuracy/finetuned': 0.9 },
        ...{ 'finetuned/test': 0.9, 'finetuned/test_low': 0.8, 'unpruned/test': 0.95 },
      },
      tags: { 'kneepoint.run': 'UnVuOjI', 'kneepoint.label.team': 'vision', 'mlflow.note.content': RESULT!.verdict },
      losses: [
        [0, 0.6],
        [1, 0.6],
      ],
      note: RESULT!.verdict,
      inputs: [{ name: 'image', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 3, SIZE, SIZE] } }],
      right: 0.9,
      classes: [
        ['female', 10, 1, 0.9],
        ['male', 10, 0.9, 0.9],
      ],
    });
    expect((found['example'] as readonly number[])[0]).toBe(1);
    for (const [row, score] of (found['scores'] as readonly number[]).entries()) {
      expect(score).toBeCloseTo(scores[row]!, 5);
    }
  }, 240_000);

  it('the command exports a run of a gateway', async () => {
    const gateway = await openTestGateway();
    try {
      const [model, document] = [
        await gateway.store.put(Buffer.from(ONNX)),
        await gateway.store.put(Buffer.from(JSON.stringify(REPORT))),
      ];
      for (const { sha256, bytes } of [model, document]) {
        await gateway.db.prisma.artifact.create({ data: { sha256, bytes, mediaType: 'x' } });
      }
      const data = { kind: 'COMPRESSION', state: 'SUCCEEDED', input: {}, reportSha256: document.sha256 };
      const { id } = await gateway.db.prisma.run.create({ data });
      vi.stubEnv('KNEEPOINT_URL', gateway.url);
      vi.stubEnv('KNEEPOINT_TOKEN', ADMIN_TOKEN);
      vi.stubEnv('MLFLOW_TRACKING_URI', service.url);
      const printed: string[] = [];
      vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
      const run = Buffer.from(`Run:${id}`).toString('base64url');
      await main(['node', 'kneepoint', 'export', 'mlflow', run, '--experiment', 'command', '--json']);
      vi.restoreAllMocks();
      const [exported] = JSON.parse(printed.join('')) as { runId: string; label: string }[];
      expect(exported).toMatchObject({ label: '0.01', again: false, version: null });
      const { run: found } = await server.get('runs/get', { run_id: exported!.runId });
      expect(found).toMatchObject({ info: { status: 'FINISHED', run_name: 'nightly 0.01' } });
      const listed = async (path: string): Promise<string[]> => {
        const { files } = await server.get('artifacts/list', { run_id: exported!.runId, path });
        return (files as { path: string }[]).map((file) => file.path);
      };
      expect(await listed('')).toEqual(
        expect.arrayContaining(['classes.json', 'figures', 'report.html', 'report.json']),
      );
      expect(await listed('figures')).toSatisfy((paths: string[]) => paths.some((path) => path.endsWith('.svg')));
    } finally {
      vi.unstubAllEnvs();
      await gateway.close();
    }
  }, 60_000);

  it('what was exported before is found again, and registered where it was not', async () => {
    const first = await exportResult(server, { ...request, experiment: 'again' });
    expect(first).toMatchObject({ version: null, again: false });
    const second = await exportResult(server, { ...request, experiment: 'again', register: 'later', alias: 'a' });
    expect(second).toMatchObject({ runId: first.runId, version: '1', again: true });
    const third = await exportResult(server, { ...request, experiment: 'again', register: 'later' });
    expect(third).toMatchObject({ runId: first.runId, version: '1', again: true });
  });

  it('a model of the registry comes here: one that was exported, and one that MLflow logged itself', async () => {
    await exportResult(server, { ...request, experiment: 'import', register: 'back', alias: 'champion' });
    const [there, own] = [join(folder, 'there'), join(folder, 'own')];
    const back = await fetchModel(server, 'models:/back@champion', there);
    expect(back).toMatchObject({ name: 'back', version: '1' });
    expect(Buffer.from(ONNX).equals(await readFile(back.file))).toBe(true);
    await writeFile(join(folder, 'net.onnx'), ONNX);
    await python(LOG_OWN, service.url, join(folder, 'net.onnx'));
    const feeds = { image: { dims: [1, 3, SIZE, SIZE], data: new Float32Array(3 * SIZE * SIZE).fill(0.5) } };
    for (const reference of ['models:/own/1', 'models:/own@best']) {
      const { file } = await fetchModel(server, reference, own);
      // Python writes the same network in other bytes.
      expect(await runModel(await readFile(file), feeds)).toEqual(await runModel(ONNX, feeds));
    }
  }, 240_000);

  it.each([
    ['models:/nobody@champion', /no model "nobody" with the alias "champion"/],
    ['models:/back/99', /no model "back" of version 99/],
    ['runs:/1/model', /names no model of a registry/],
  ])('%s is MLFLOW_MODEL_UNKNOWN', async (reference, message) => {
    await expect(fetchModel(server, reference, folder)).rejects.toMatchObject({
      code: 'MLFLOW_MODEL_UNKNOWN',
      message: expect.stringMatching(message) as string,
    });
  });
});

it('keys of parameters, metrics and tags are distinct, and such as MLflow takes, whatever tasks and labels are called', () => {
  const named = (tasks: readonly string[]): Report => ({
    ...REPORT,
    run: { ...REPORT.run, labels: { 'équipe/a': '1', 'a:b': '2', 'a;b': '3' } },
    results: [{ ...RESULT!, tasks: tasks.map((task) => ({ ...RESULT!.tasks[0]!, task })) }],
  });
  const keysOf = (...tasks: string[]): string[] => {
    const report = named(tasks);
    const { metrics, tags } = runRecords(report, report.results[0]!);
    return [...metrics, ...tags].flatMap(({ key }) => (/\/probe(_\d)?$|\.label\./.test(key) ? [key] : []));
  };
  const labels = ['kneepoint.label.équipe/a', 'kneepoint.label.a_b', 'kneepoint.label.a_b_2'];
  expect(keysOf('年龄', '性别')).toEqual(['年龄/accuracy/probe', '性别/accuracy/probe', ...labels]);
  const alike = ['', '_2', '_3'].map((ending) => `a_b/accuracy/probe${ending}`);
  expect(keysOf('a:b', 'a;b', 'a_b')).toEqual([...alike, ...labels]);
  expect(keysOf('../up', 'a//b').slice(0, 2)).toEqual(['_/up/accuracy/probe', 'a/_/b/accuracy/probe']);
  const long = Array.from({ length: 12 }, (_, n) => `${'𝔸'.repeat(300)}${n}`);
  const { metrics } = runRecords(named(long), named(long).results[0]!);
  const cut = metrics.map(({ key }) => key).filter((key) => key.startsWith('𝔸'));
  expect(new Set(cut).size).toBe(cut.length);
  expect(Math.max(...cut.map((key) => [...key].length))).toBe(250);
});

describe('with a server that asks who one is', () => {
  const asked: [path: string, authorization: string | undefined][] = [];
  const strange = createServer((request, response) => {
    asked.push([request.url!.split('?')[0]!, request.headers.authorization]);
    request.resume().on('end', () => {
      const isListing = request.url!.includes('/artifacts?');
      response.end(JSON.stringify(isListing ? { files: [{ path: 'a', is_dir: true }] } : {}));
    });
  });
  let address: string;
  beforeAll(async () => {
    await once(strange.listen(0, '127.0.0.1'), 'listening');
    address = `127.0.0.1:${(strange.address() as AddressInfo).port}`;
  });
  afterAll(() => strange.close());

  it('what stands in the address logs in, also for its version, and is shown nowhere', async () => {
    const server = await connectTracking(`http://us%40er:s3cret@${address}/mlflow/`, { token: 'another' });
    await server.version();
    const basic = `Basic ${Buffer.from('us@er:s3cret').toString('base64')}`;
    expect(asked).toEqual([
      ['/mlflow/api/2.0/mlflow/experiments/search', basic],
      ['/mlflow/version', basic],
    ]);
    expect(server.url).toBe(`http://${address}/mlflow`);
    await connectTracking(`http://ada:100%@${address}`);
    expect(asked.at(-1)![1]).toBe(`Basic ${Buffer.from('ada:100%').toString('base64')}`);
    for (const uri of ['http://user:s3cret@127.0.0.1:1', 'postgresql://user:s3cret@127.0.0.1/mlflow']) {
      const error = await connectTracking(uri).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'MLFLOW_UNREACHABLE' });
      expect(JSON.stringify([error, (error as Error).message])).not.toContain('s3cret');
    }
  });

  it('folders without end are refused', async () => {
    const server = await connectTracking(`http://${address}`);
    const before = asked.length;
    await expect(server.listFiles('mlflow-artifacts:/x')).rejects.toMatchObject({ code: 'MLFLOW_REFUSED' });
    expect(asked.length - before).toBeLessThan(30);
  });
});

it.each(['http://127.0.0.1:1', 'sqlite:///mlflow.db', ''])('"%s" is MLFLOW_UNREACHABLE', async (uri) => {
  await expect(connectTracking(uri)).rejects.toMatchObject({ code: 'MLFLOW_UNREACHABLE' });
});
