import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '@kneepoint/datasets';
import { splitTask, TEST } from '@kneepoint/regression';
import { DEFAULT_REGRESSION } from '@kneepoint/workflow';
import { decodeModel } from '@kneepoint/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { kneepoint, kneepointJson, type Sample } from './support/kneepoint.ts';

let folder: string;
let data: string;
let sample: Sample;
let server: CliServer;

beforeAll(async () => {
  server = await startCliServer('cli');
  ({ folder, data, sample } = server);
});

afterAll(() => server.stop());

/** Every number in a JSON value, with its path. */
function numbersIn(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

describe('inspect', () => {
  it('prints parameters, MACs and layers', async () => {
    const { parameters, macs, layers } = await kneepointJson<{ parameters: number; macs: number; layers: object[] }>([
      'inspect',
      sample.model,
    ]);
    // By hand: 3 × 3 convolutions 3-8-8-12-12-16 without bias, normalisation (2 per channel), a head of 16 → 10.
    const weights = 9 * (3 * 8 + 8 * 8 + 8 * 12 + 12 * 12 + 12 * 16);
    expect(parameters).toBe(weights + 2 * (8 + 8 + 12 + 12 + 16) + 16 * 10 + 10);
    const convolutions = 9 * (32 * 32 * (3 * 8 + 8 * 8) + 16 * 16 * (8 * 12 + 12 * 12) + 8 * 8 * 12 * 16);
    expect(macs).toBe(convolutions + 16 * 10);
    expect(layers).toEqual([
      ...[8, 8, 12, 12, 16].map((filters, i) => ({
        name: `conv${i + 1}`,
        op: 'Conv',
        filters,
        prunable: true,
        reason: null,
      })),
      {
        ...{ name: 'logits', op: 'Gemm', filters: 10, prunable: false },
        reason: expect.stringContaining('logits') as string,
        frozenBy: expect.objectContaining({ operator: expect.any(String) as string }) as object,
      },
    ]);
  });
});

describe('surgery', () => {
  it.each(['l1', 'random'])('by %s prints sizes and a proof, and writes a file that runs', async (criterion) => {
    const out = join(folder, `${criterion}.onnx`);
    const printed = await kneepointJson<{
      before: Size;
      after: Size;
      proof: { maxAbsDiff: number; maxRelDiff: number };
    }>([
      'surgery',
      sample.model,
      '--criterion',
      criterion,
      '--ratio',
      '0.5',
      '--round-to',
      '1',
      '--seed',
      '3',
      '--out',
      out,
    ]);
    expect(Object.keys(printed)).toEqual(['before', 'after', 'proof']);
    expect(Object.keys(printed.before)).toEqual(['parameters', 'macs', 'bytes']);
    expect(Object.keys(printed.after)).toEqual(['parameters', 'macs', 'bytes']);
    expect(numbersIn(printed).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
    expect(printed.after.bytes).toBe((await stat(out)).size);
    // Half of both sides of most layers is gone.
    expect(printed.after.parameters).toBeLessThan(0.35 * printed.before.parameters);
    expect(printed.proof.maxRelDiff).toBeLessThan(1e-5);
    const session = await InferenceSession.create(out);
    const { logits } = await session.run({
      image: new Tensor('float32', new Float32Array(2 * 3 * 32 * 32), [2, 3, 32, 32]),
    });
    expect(logits!.dims).toEqual([2, 10]);
    await session.release();
  });
});

interface Size {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
}

interface Report {
  readonly task: string;
  readonly bestLayer: string;
  readonly metric: {
    readonly name: string;
    readonly higherIsBetter: boolean;
    readonly chance: number;
    readonly probe: number;
    readonly refit: number;
    readonly finetuned: number;
  };
  readonly before: Size & { readonly latencyMs: { readonly p50: number; readonly p95: number } };
  readonly after: Report['before'];
  readonly layers: readonly {
    readonly name: string;
    readonly filters: number;
    readonly kept: number;
    readonly indices: readonly number[];
  }[];
  readonly proof: { readonly maxAbsDiff: number; readonly maxRelDiff: number; readonly passed: boolean };
  readonly arms: readonly { readonly arm: string; readonly metric: number; readonly modelSha256: string }[];
}

interface Split {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** One task of each type that the command reads from a folder of faces. */
const TASKS = [
  { task: 'gender', metric: 'accuracy' },
  { task: 'yaw', metric: 'rmse' },
  { task: 'age', metric: 'accuracy' },
  { task: 'emotion', metric: 'accuracy' },
] as const;

describe.each(TASKS)('compress for $task', ({ task, metric }) => {
  let report: Report;
  let split: Split;
  let path: string;

  beforeAll(async () => {
    const out = join(folder, 'out', task);
    ({
      results: [report],
      split,
    } = await kneepointJson<{ results: [Report]; split: Split }>([
      ...['compress', '--model', sample.model, '--data', sample.faces, '--task', task],
      ...['--epsilon', '0.05', '--arms', 'finetuned', '--no-teacher', '--epochs', '1'],
      ...['--out', out, '--data-dir', data],
    ]));
    path = join(out, `small-${task}-0.05.onnx`);
  });

  it('prints a report with every promised key', () => {
    const size = ['parameters', 'macs', 'bytes', 'latencyMs'];
    expect(report).toMatchObject({ task, metric: { name: metric, higherIsBetter: metric !== 'rmse' } });
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(['task', 'bestLayer', 'pool', 'metric', 'before', 'after', 'layers', 'proof']),
    );
    expect(Object.keys(report.metric)).toEqual([
      ...['name', 'higherIsBetter', 'chance', 'probe', 'pruned', 'healed', 'refit', 'finetuned'],
    ]);
    expect(Object.keys(report.before)).toEqual(size);
    expect(Object.keys(report.after)).toEqual(size);
    expect(Object.keys(report.after.latencyMs)).toEqual(['p50', 'p95']);
    expect(Object.keys(report.layers[0]!)).toEqual(expect.arrayContaining(['name', 'filters', 'kept', 'lambda']));
    expect(Object.keys(report.proof)).toEqual(expect.arrayContaining(['maxAbsDiff', 'maxRelDiff']));
    expect(numbersIn(report).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
  });

  it('is proved, is smaller, and says which filters it kept', async () => {
    expect(report.proof).toMatchObject({ passed: true });
    expect(report.proof.maxRelDiff).toBeLessThan(1e-5);
    expect(report.after.bytes).toBe((await stat(path)).size);
    expect(report.after.parameters).toBeLessThan(report.before.parameters);
    expect(report.layers.map((layer) => layer.indices.length)).toEqual(report.layers.map((layer) => layer.kept));
    expect(report.layers.at(-1)!.name).toBe(report.bestLayer);
    const { train, validation, test } = split;
    expect(train + validation + test).toBe(320);
  });

  it('gives a file that by itself does what the report says, on the rows that nothing has seen', async () => {
    expect(await measure(path, task)).toBeCloseTo(report.metric.finetuned, 4);
  });

  it('says the same of the refitted network, which is fetched by its digest', async () => {
    const [refit, finetuned] = report.arms;
    expect([refit, finetuned]).toMatchObject([
      { arm: 'refit', metric: report.metric.refit },
      { arm: 'finetuned', metric: report.metric.finetuned },
    ]);
    const file = `${path}.refit.onnx`;
    expect((await kneepoint(['get', refit!.modelSha256, '--out', file, '--data-dir', data])).code).toBe(0);
    expect(await measure(file, task)).toBeCloseTo(report.metric.refit, 4);
  });
});

interface Described {
  readonly task: {
    readonly name: string;
    readonly type: string;
    readonly targets: readonly string[];
    readonly classes?: readonly string[];
    readonly bins?: readonly (readonly number[])[];
  };
  readonly thresholds: readonly number[];
  readonly preprocess: {
    readonly channels: string;
    readonly range: [number, number];
    readonly mean: number[];
    readonly std: number[];
  };
}

/** What the file says about itself: all that somebody needs who has nothing else. */
async function describedIn(path: string): Promise<Described> {
  const { metadataProps } = decodeModel(await readFile(path));
  const read = (key: string): unknown =>
    JSON.parse(metadataProps.find((entry) => entry.key === `kneepoint.${key}`)!.value);
  return { task: read('task'), thresholds: read('thresholds'), preprocess: read('preprocess') } as Described;
}

/** The metric on the test rows, from the file, the images and labels.csv alone. */
async function measure(path: string, name: string): Promise<number> {
  const { task, thresholds, preprocess } = await describedIn(path);
  expect(task.name).toBe(name);
  const [header, ...lines] = (await readFile(join(sample.faces, 'labels.csv'), 'utf8')).trim().split('\n');
  const columns = header!.split(',');
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i]!, cell])));
  const test = await testRows(name);
  const session = await InferenceSession.create(path);
  const wrong: number[] = [];
  for (const row of test) {
    const image = await pixels(join(sample.faces, rows[row]!.image!), preprocess);
    const output = (await session.run({ image }))[name]!;
    expect(output.dims).toEqual([1, task.targets.length]);
    wrong.push(error(output.data as Float32Array, rows[row]!, task, thresholds));
  }
  await session.release();
  const mean = wrong.reduce((sum, value) => sum + value, 0) / wrong.length;
  return task.type === 'continuous' ? Math.sqrt(mean) : 1 - mean;
}

async function testRows(name: string): Promise<number[]> {
  const { tasks, labels, splitBy, groups, images } = await readManifest(sample.faces);
  const spec = tasks.find((task) => task.name === name)!;
  const split = splitTask(
    { spec, labels: labels[name]!, splitBy: splitBy[name]! },
    { rows: images.length, groups, seed: DEFAULT_REGRESSION.seed, trial: 0 },
  );
  return [...split.keys()].filter((row) => split[row] === TEST);
}

/** 1 for a wrong answer, the squared error for a number. */
function error(
  scores: Float32Array,
  row: Readonly<Record<string, string>>,
  task: Described['task'],
  thresholds: readonly number[],
): number {
  const score = scores[0]!;
  const label = row[task.name]!;
  switch (task.type) {
    case 'binary':
      return task.classes![score >= thresholds[0]! ? 1 : 0] === label ? 0 : 1;
    case 'categorical':
      return task.classes![scores.indexOf(Math.max(...scores))] === label ? 0 : 1;
    case 'ordered': {
      const bin = (value: number): number => task.bins![0]!.filter((edge) => value >= edge).length;
      return bin(score) === bin(Number(label)) ? 0 : 1;
    }
    default:
      return (score - Number(label)) ** 2;
  }
}

async function pixels(path: string, { channels, range, mean, std }: Described['preprocess']): Promise<Tensor> {
  expect([channels, range]).toEqual(['rgb', [0, 1]]);
  const { data: raw, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const values = new Float32Array(3 * width * height);
  for (let at = 0; at < raw.length; at++) {
    values[(at % 3) * width * height + Math.floor(at / 3)] = (raw[at]! / 255 - mean[0]!) / std[0]!;
  }
  return new Tensor('float32', values, [1, 3, height, width]);
}

describe('a command that is misused', () => {
  it.each([
    { name: 'an unknown command', args: ['compres'], says: "error: unknown command 'compres'" },
    { name: 'an unknown option', args: ['inspect', 'm.onnx', '--jsn'], says: "error: unknown option '--jsn'" },
    { name: 'an argument too few', args: ['inspect'], says: "error: missing required argument 'file'" },
    {
      name: 'a required option left out',
      args: ['surgery', 'm.onnx'],
      says: "error: required option '--out <file>' not specified",
    },
  ])('$name: ends with 2 and says what is wrong', async ({ args, says }) => {
    const { code, stdout, stderr } = await kneepoint(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).toContain('--help');
  });
});

it('a cut that finds nothing to cut ends with 3, says why, and writes no file', async () => {
  const out = join(folder, 'never.onnx');
  const { code, stdout, stderr } = await kneepoint(['surgery', sample.model, '--ratio', '0.01', '--out', out]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/SURGERY_CUT_NOTHING: conv1 would have to keep all it has/);
  await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
});

describe('a command that fails', () => {
  it.each([
    {
      name: 'a file that is not there',
      args: () => ['inspect', join(folder, 'none.onnx')],
      error: () => ({ code: 'MODEL_FILE_MISSING', message: 'there is no such file', where: join(folder, 'none.onnx') }),
    },
    {
      name: 'a criterion that nobody wrote',
      args: () => ['surgery', sample.model, '--criterion', 'magic', '--out', join(folder, 'never.onnx')],
      error: () => ({ code: 'PLAN_UNKNOWN_CRITERION' }),
    },
    {
      name: 'a ratio of more than all',
      args: () => ['surgery', sample.model, '--ratio', '1.5', '--out', join(folder, 'never.onnx')],
      error: () => ({ code: 'RATIO_INVALID', message: 'the ratio is 1.5', where: '--ratio' }),
    },
    {
      name: 'a task that is not there',
      args: () => compressFor('shoe_size', '0.01'),
      error: () => ({ code: 'TASK_UNKNOWN', where: 'task' }),
    },
    {
      name: 'an ε that is no number',
      args: () => compressFor('gender', 'small'),
      error: () => ({ code: 'EPSILON_INVALID', message: 'ε is "small"', where: '--epsilon' }),
    },
    {
      name: 'fewer than one filter',
      args: () => [...compressFor('gender', '0.01'), '--min-filters', '0'],
      error: () => ({ code: 'MIN_FILTERS_INVALID', where: '--min-filters' }),
    },
    {
      name: 'an arm that is none',
      args: () => [...compressFor('gender', '0.01'), '--arms', 'finetuned,teacher'],
      error: () => ({ code: 'TRAINING_OPTION_INVALID', message: '--arms is "teacher"', where: '--arms' }),
    },
    {
      name: 'epochs that are no number',
      args: () => [...compressFor('gender', '0.01'), '--epochs', 'many'],
      error: () => ({ code: 'TRAINING_OPTION_INVALID', message: '--epochs is "many"', where: '--epochs' }),
    },
    {
      name: 'a mode that is none',
      args: () => ['finetune', 'small', 'faces', 'gender', '--mode', 'all', '--data-dir', data],
      error: () => ({ code: 'TRAINING_OPTION_INVALID', message: '--mode is "all"', where: '--mode' }),
    },
    {
      name: 'a rate out of bounds',
      args: () => ['finetune', 'small', 'faces', 'gender', '--lr', '1000', '--data-dir', data],
      error: () => ({ code: 'TRAINING_OPTION_INVALID', where: 'training.learningRate' }),
    },
    {
      name: 'more pools than the image has pixels',
      args: () => trainArguments('--size', '8', '--widths', '4,pool,pool,pool,pool'),
      error: () => ({ code: 'TRAINING_OPTION_INVALID', where: '--widths' }),
    },
    {
      name: 'faces and a folder',
      args: () => trainArguments('--data', sample.faces),
      error: () => ({ code: 'SOURCE_INVALID', where: '--data' }),
    },
    {
      name: 'a layer without a curve',
      args: () => ['curves', 'small', 'faces', 'gender', '--layer', 'conv9', '--data-dir', data],
      error: () => ({ code: 'LAYER_UNKNOWN', where: '--layer' }),
    },
    {
      name: 'a gateway that is not there',
      args: () => ['runs', '--url', 'http://127.0.0.1:9'],
      error: () => ({ code: 'GATEWAY_UNREACHABLE', where: 'http://127.0.0.1:9' }),
    },
  ])('$name: ends with 1 and prints the failure as JSON', async ({ args, error }) => {
    const { code, stdout, stderr } = await kneepoint([...args(), '--json']);
    expect(code).toBe(1);
    const printed = JSON.parse(stdout) as { error: { code: string } };
    expect(printed).toMatchObject({ error: error() });
    expect(stderr).toContain(`error ${printed.error.code}: `);
    await expect(stat(join(folder, 'never.onnx'))).rejects.toThrow('ENOENT');
  });
});

function compressFor(task: string, epsilon: string): string[] {
  const what = ['--model', sample.model, '--data', sample.faces, '--task', task, '--epsilon', epsilon];
  return ['compress', ...what, '--out', join(folder, 'never'), '--data-dir', data];
}

function trainArguments(...more: readonly string[]): string[] {
  return ['train', '--faces', '40', '--tasks', 'gender', '--out', join(folder, 'never.onnx'), ...more];
}
