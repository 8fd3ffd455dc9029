import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  DEFAULT_PREPROCESS,
  openRanges,
  packSource,
  type Preprocess,
  type RemoteDataset,
  renderFaces,
} from '@kneepoint/datasets';
import { buildPackage, type DeploymentConfig } from '@kneepoint/deployment';
import { encodeModel, type ModelProto } from '@kneepoint/onnx';
import { quantize, valuesToRange } from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import { type AnswerKind, type Report, splitParts } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { describedNetwork, type NetworkOptions } from '../../packages/deployment/src/testing/networks.ts';
import { available, program } from '../support/available.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const SIZE = { height: 24, width: 20 };

interface Case extends Omit<NetworkOptions, 'tasks'> {
  readonly tasks: readonly string[];
  readonly answers: AnswerKind;
  /** In whole numbers, as `--quantize int8` leaves it. */
  readonly whole?: boolean;
}

/** Every type of task, every kind of answer, and ways to be fed: half precision, a letterbox, bytes with the channel last in a batch that is fixed. */
const CASES: Readonly<Record<string, Case>> = {
  'scores of one task, in half precision': {
    ...{ tasks: ['emotion'], answers: 'raw', form: 'half', seed: 3 },
    preprocess: { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] },
  },
  'probabilities of several': {
    ...{ tasks: ['gender', 'emotion', 'accessories', 'head_pose', 'yaw'], answers: 'probabilities' },
    preprocess: { ...DEFAULT_PREPROCESS, fit: 'letterbox', resize: 'plain', kernel: 'cubic' },
  },
  'labels of several, in whole numbers': { tasks: ['gender', 'emotion'], answers: 'labels', whole: true },
  'labels of several, fitted by least squares, from two pictures of bytes at a time': {
    ...{
      trained: false,
      form: 'bytes',
      tasks: ['gender', 'accessories', 'head_pose', 'yaw', 'emotion'],
      answers: 'labels',
      batch: 2,
    },
    preprocess: { channels: 'grey', range: [0, 255], mean: [0], std: [1], fit: 'crop', cropShare: 0.8 },
  },
};

let folder: string;
let dataset: RemoteDataset;
const made = new Map<string, { readonly path: string; readonly files: readonly string[] }>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-package-'));
  const faces = join(folder, 'faces');
  await renderFaces({ folder: faces, count: 90, seed: 3, size: 32, persons: 12 });
  const archive = await packSource(faces, { out: join(folder, 'faces.tar'), scratch: folder });
  const file = await open(archive);
  dataset = await openRanges(async (from, to) => {
    const bytes = Buffer.alloc(to - from);
    await file.read(bytes, 0, bytes.length, from);
    return bytes;
  });
  for (const [name, { tasks, answers, whole = false, ...options }] of Object.entries(CASES)) {
    const specs = tasks.map((task) => dataset.manifest.tasks.find((spec) => spec.name === task)!);
    const path = join(folder, `package-${made.size}`);
    await mkdir(path);
    const thresholds = specs.map(({ type, targets }) =>
      type === 'binary' || type === 'multilabel' ? targets.map(() => 0.1) : [],
    );
    const preprocess = options.preprocess ?? DEFAULT_PREPROCESS;
    const float = describedNetwork({ ...options, preprocess, tasks: specs, thresholds, size: SIZE });
    const network = whole ? inWholeNumbers(float) : float;
    await writeFile(join(path, 'model.onnx'), encodeModel(network));
    const report = reportFor(specs, preprocess);
    const files = await buildPackage({
      report,
      result: report.results[0]!,
      answers,
      folder: path,
      dataset,
      testImages: 10,
    });
    await symlink(join(ROOT, 'node_modules'), join(path, 'samples', 'node_modules'));
    made.set(name, { path, files });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function inWholeNumbers(float: ModelProto): ModelProto {
  const ranges = new Map(valuesToRange(float).map((value) => [value, { low: -4, high: 12 }]));
  const { model, layers } = quantize(float, { ranges });
  expect(layers).toHaveLength(2);
  return model;
}

/** As much of a report as is read, with names that want care. */
function reportFor(tasks: readonly TaskSpec[], preprocess: Preprocess): Report {
  const { test } = splitParts(dataset.manifest, tasks, 7);
  const interval = { low: 0.7, high: 0.9, standardError: 0.05, drawn: 'image' } as const;
  const judged = tasks.map(({ name }) => ({ task: name, metric: 0.8, validation: 0.8, interval, thresholds: [] }));
  const figures = { parameters: 100, macs: 2000, bytes: 400, latencyMs: { p50: 1, p95: 2 } };
  return {
    ...{ schemaVersion: '1.0', kneepoint: '0.1.0', createdAt: '2026-01-02T03:04:05.000Z', preprocess, tasks: [] },
    run: { id: 'UnVuOjE', createdBy: null },
    command: "kneepoint compress --model 'a|b.onnx'",
    model: {
      name: 'Net | of <others>',
      sha256: 'a'.repeat(64),
      license: 'Apache-2.0',
      author: 'A. *Nother*',
      metadata: {},
    },
    dataset: { name: 'faces', sha256: 'd'.repeat(64), images: 90, notes: [] },
    split: { by: 'identity', seed: 7, train: 50, validation: 20, test: test.length, given: null, shared: true },
    links: { graphql: null },
    results: [
      {
        ...{
          label: 'keep-99pct',
          verdict: 'It keeps 99 %.',
          before: figures,
          after: figures,
          warnings: ['too few images'],
        },
        tasks: tasks.map(({ name }) => ({ name, images: test.length })),
        delivered: { arm: 'finetuned', sha256: 'b'.repeat(64), bytes: 400, scores: 'logits', tasks: [] },
        original: { metric: 0.5, validation: 0.5, interval, tasks: judged },
        arms: [{ arm: 'finetuned', tasks: judged }],
        measured: { provider: 'cpu', machine: { cpu: 'a processor' } },
      },
    ],
  } as unknown as Report;
}

const textOf = (name: string, file: string): Promise<string> => readFile(join(made.get(name)!.path, file), 'utf8');
const configOf = async (name: string) => JSON.parse(await textOf(name, 'config.json')) as DeploymentConfig;

describe.each(Object.keys(CASES))('a package of %s', (name) => {
  it.skipIf(!available('onnxruntime', 'pillow'))(
    'has sample code that says in both languages, to the last digit, what the product says of the test images',
    async () => {
      const { path } = made.get(name)!;
      const expected = JSON.parse(await textOf(name, 'test/expected.json')) as { lines: string[]; images: unknown[] };
      expect(expected.images).toHaveLength(10);
      expect(expected.lines).toHaveLength(10 + CASES[name]!.tasks.length);
      // Pictures are told apart.
      expect(new Set(expected.lines.map((line) => line.split(': ')[1])).size).toBeGreaterThan(3);
      const wanted = [...expected.lines, 'as expected', ''].join('\n');
      const python = await run(program('pillow'), ['-B', join(path, 'samples/predict.py'), join(path, 'test')]);
      expect(python.stdout).toBe(wanted);
      const tsx = join(ROOT, 'node_modules/.bin/tsx');
      const typescript = await run(tsx, [join(path, 'samples/predict.ts'), join(path, 'test')]);
      expect(typescript.stdout).toBe(wanted);
    },
  );

  it('has a metric that is the product’s over just those images', async () => {
    const { metrics } = JSON.parse(await textOf(name, 'test/expected.json')) as {
      metrics: { task: string; metric: string; value: number }[];
    };
    const { tasks } = await configOf(name);
    expect(metrics.map(({ task, metric }) => [task, metric])).toEqual(tasks.map((task) => [task.name, task.metric]));
    const rows = (await textOf(name, 'test/labels.jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(Object.keys(rows[0]!)).toEqual(['image', 'name', ...tasks.flatMap(({ columns }) => columns)]);
    for (const { value } of metrics) expect(value).toSatisfy(Number.isFinite);
  });

  it('is whole: every file has the sum that SHA256SUMS names', async () => {
    const { path, files } = made.get(name)!;
    const { stdout } = await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: path });
    expect(stdout.trim().split('\n')).toEqual(files.slice(0, -1).map((file) => `${file}: OK`));
  });

  it.skipIf(!available('onnxruntime'))('has a configuration that Triton’s rules allow', async () => {
    const config = await configOf(name);
    const { path } = made.get(name)!;
    const repository = join(path, 'triton', config.name);
    const script = fileURLToPath(new URL('triton.py', import.meta.url));
    const { stdout } = await run(program('pillow'), ['-B', script, join(repository, 'config.pbtxt')]);
    const triton = JSON.parse(stdout) as TritonConfig;
    expect(triton).toMatchObject({ name: config.name, backend: 'onnxruntime' });
    expect(await readFile(join(repository, '1/model.onnx'))).toEqual(await readFile(join(path, 'model.onnx')));
    const most = triton.max_batch_size ?? 0;
    // A batch that the file fixes is a dimension; one that is free is Triton's to add.
    expect(most > 0).toBe(config.input.dims[0] === null);
    expect(triton.dynamic_batching !== undefined).toBe(most > 0);
    const declared = [config.input, ...config.outputs].map(({ name: tensor, dims }) => [
      tensor,
      (most > 0 ? dims.slice(1) : dims).map((dim) => String(dim ?? -1)),
    ]);
    expect([...triton.input, ...triton.output].map(({ name: tensor, dims }) => [tensor, dims])).toEqual(declared);
    // The format stands for three dimensions behind a batch.
    expect(triton.input.map(({ format }) => format)).toEqual([most > 0 ? `FORMAT_${config.input.layout}` : undefined]);
    for (const [i, { label_filename: labels, dims }] of triton.output.entries()) {
      const own = config.tasks.filter(({ output }) => output === config.outputs[i]!.name);
      const named = own.every(({ gives, classes, from, to }) => gives !== 'label' && classes?.length === to - from);
      expect(labels !== undefined).toBe(named);
      if (labels === undefined) continue;
      const lines = (await readFile(join(repository, labels), 'utf8')).trim().split('\n');
      expect(lines).toHaveLength(Number(dims.at(-1)));
    }
  });

  it.skipIf(!available('platforms'))('has a configuration that Triton’s own client reads', async () => {
    const config = join(made.get(name)!.path, 'triton', (await configOf(name)).name, 'config.pbtxt');
    const python = join(dirname(program('platforms')), 'python');
    const script = fileURLToPath(new URL('published.py', import.meta.url));
    expect((await run(python, ['-B', script, 'triton', config])).stdout).toBe('triton: as published\n');
  });

  it('has an InferenceService of KServe, under a name that Kubernetes takes', async () => {
    const service: unknown = parse(await textOf(name, 'kserve/inference-service.yaml'));
    expect(() => INFERENCE_SERVICE.parse(service)).not.toThrow();
    expect(service).toMatchObject({ metadata: { name: (await configOf(name)).name } });
  });

  it('has a model card that the Hub reads: license, origin, data and figures from the report', async () => {
    const card = await textOf(name, 'README.md');
    const [, front = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(card) ?? [];
    const { tasks, name: title } = await configOf(name);
    expect(parse(front)).toMatchObject({
      ...{ license: 'apache-2.0', library_name: 'onnx' },
      metrics: [...new Set(tasks.map(({ metric }) => metric))],
      'model-index': [
        {
          name: title,
          results: tasks.map((task) => ({
            task: { name: task.name },
            dataset: { name: 'faces', type: 'other', split: 'test' },
            metrics: [{ type: task.metric, value: 0.8 }],
          })),
        },
      ],
    });
    // Names that say nothing of whose it is are no repositories; in the text they are text.
    expect(parse(front)).not.toHaveProperty('base_model');
    expect(parse(front)).not.toHaveProperty('datasets');
    expect(body).toContain('**Net \\| of \\<others\\>** by A. \\*Nother\\*');
    expect(body).toContain("kneepoint compress --model 'a|b.onnx'");
    expect(body).not.toContain('undefined');
  });
});

it.skipIf(!available('onnxruntime', 'pillow'))(
  'sample code says when something comes out otherwise than was expected',
  async () => {
    const { path } = made.get('scores of one task, in half precision')!;
    const folderOf = (name: string): string => join(path, name);
    await run('cp', ['-r', folderOf('test'), folderOf('other')]);
    const lines = (await readFile(folderOf('other/labels.jsonl'), 'utf8')).trim().split('\n');
    // Every label as it is answered: the figure is another one.
    const { lines: answers } = JSON.parse(await readFile(folderOf('test/expected.json'), 'utf8')) as {
      lines: string[];
    };
    const right = lines.map((line, i) => ({
      ...(JSON.parse(line) as object),
      emotion: answers[i]!.split(' = ')[1],
    }));
    await writeFile(folderOf('other/labels.jsonl'), right.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const python = run(program('pillow'), ['-B', folderOf('samples/predict.py'), folderOf('other')]);
    await expect(python).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^accuracy of emotion: 1\.0000\nNOT as expected/m) as string,
    });
  },
);

interface TritonConfig {
  readonly name: string;
  readonly backend: string;
  /** Left out by protobuf where it is 0. */
  readonly max_batch_size?: number;
  readonly input: readonly { readonly name: string; readonly dims: readonly string[]; readonly format?: string }[];
  readonly output: readonly {
    readonly name: string;
    readonly dims: readonly string[];
    readonly label_filename?: string;
  }[];
  readonly dynamic_batching?: object;
}

/** serving.kserve.io/v1beta1, as far as it is used; every other field is refused. */
const INFERENCE_SERVICE = z.strictObject({
  apiVersion: z.literal('serving.kserve.io/v1beta1'),
  kind: z.literal('InferenceService'),
  // A label of DNS, since a host is named by it.
  metadata: z.strictObject({ name: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/) }),
  spec: z.strictObject({
    predictor: z.strictObject({
      model: z.strictObject({
        modelFormat: z.strictObject({ name: z.literal('triton') }),
        runtime: z.literal('kserve-tritonserver'),
        protocolVersion: z.enum(['v1', 'v2', 'grpc-v1', 'grpc-v2']),
        storageUri: z.string().regex(/^(s3|gs|https?|pvc|hf|abfs):\/\//),
      }),
    }),
  }),
});
