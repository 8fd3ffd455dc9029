/**
 * `KNEEPOINT_DATA=/path/to/data PYTHON=/path/to/python npx tsx bench/quantize/run.ts [CASE …]`: networks cut and turned into whole numbers by
 * `compress --quantize int8` beside ONNX Runtime's own `quantize_static`, of the whole network finetuned and of the same cut network: size, metric on
 * test, time of an image, all out of one run. The Python needs onnx, onnxruntime and sympy; the folder is that of bench/results/photographs.ts.
 * `KEEP=/path/to/folder` leaves the files there, for bench/quantize/bytes.ts.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, openDataset, packDataset, renderFaces, validatePreprocess } from '@kneepoint/datasets';
import { encodeModel, freeBatch, inputSpec, type ModelProto } from '@kneepoint/onnx';
import { measureLatency, readModelFile } from '@kneepoint/runtime';
import { DEFAULT_TRAINING, type Report } from '@kneepoint/workflow';
import { answersOf } from '../../services/trainer/src/rows/answers.ts';
import { ImageRows } from '../../services/trainer/src/rows/image-rows.ts';
import { inTrainingScale } from '../../services/trainer/src/quantize/fall.ts';
import { type Parts, partsOf } from '../../services/trainer/src/targets/parts.ts';
import { Targets } from '../../services/trainer/src/targets/targets.ts';
import { judgeTasks } from '../../services/trainer/src/training/judge-epoch.ts';
import { kneepoint, kneepointJson } from '../../test/support/kneepoint.ts';
import { machine } from '../support/machine.ts';
import { python } from '../support/python.ts';

interface Case {
  readonly name: string;
  readonly task: string;
  readonly options: readonly string[];
  /** Model and folder of images; made where they are drawn. */
  readonly sources: (folder: string) => Promise<{ readonly model: string; readonly images: string }>;
}

const data = process.env['KNEEPOINT_DATA'];
if (data === undefined) {
  console.error('NOT RUN: KNEEPOINT_DATA names no folder');
  process.exit(2);
}
const photographs = (file: string) => () =>
  Promise.resolve({ model: join(data, 'models', file), images: join(data, 'cmu_faces') });
const CASES: readonly Case[] = [
  {
    name: 'seetaface-onet',
    task: 'eyes',
    options: ['--group', 'identity'],
    sources: photographs('seetaface-onet.onnx'),
  },
  {
    name: 'head-pose-estimation-adas-0001',
    task: 'pose',
    options: ['--group', 'identity'],
    sources: photographs('head-pose-estimation-adas-0001.onnx'),
  },
  { name: 'slim-320', task: 'eyes', options: ['--group', 'identity'], sources: photographs('slim-320.onnx') },
  { name: 'drawn faces', task: 'gender', options: [], sources: drawn },
  { name: 'faces-identity', task: 'accessories', options: [], sources: demo },
];
const wanted = process.argv.slice(2);
const kept = process.env['KEEP'];
const folder = kept ?? (await mkdtemp(join(tmpdir(), 'kneepoint-quantize-')));
console.log(`${machine()}\n\n| network → task | file | bytes | metric on test | ms, p50 |\n|---|---|---:|---:|---:|`);
try {
  for (const one of CASES) if (wanted.length === 0 || wanted.includes(one.name)) await compare(one);
} finally {
  if (kept === undefined) await rm(folder, { recursive: true, force: true });
}

async function compare({ name, task, options, sources }: Case): Promise<void> {
  const own = join(folder, name.replaceAll(' ', '-'));
  await mkdir(own, { recursive: true });
  const { model, images } = await sources(own);
  const store = ['--data-dir', join(own, 'data')];
  const report = await kneepointJson<Report>([
    ...['compress', '--model', model, '--data', images, '--task', task, ...options, ...store],
    ...['--target', 'macs=-60%', '--epochs', '6', '--quantize', 'int8', '--out', join(own, 'out')],
  ]);
  const { arms, quantisation } = report.results[0]!;
  const files = new Map<string, string>();
  for (const [label, arm] of [
    ['whole, float', 'unpruned'],
    ['cut, float', 'finetuned'],
    ['cut, int8 (here)', 'quantized'],
  ] as const) {
    const path = join(own, `${arm}.onnx`);
    const { code, stderr } = await kneepoint([
      'get',
      arms.find((found) => found.arm === arm)!.modelSha256,
      '--out',
      path,
      ...store,
    ]);
    if (code !== 0) throw new Error(stderr);
    await writeFile(path, encodeModel(freeBatch(await readModelFile(path)).model));
    files.set(label, path);
  }
  const archive = join(own, 'images.tar');
  await packDataset(images, { out: archive, ...(options.includes('--group') ? { group: 'identity' } : {}) });
  const dataset = await openDataset(archive);
  try {
    const scene = sceneOf(dataset, report, task, await readModelFile(files.get('cut, float')!));
    await writeFile(join(own, 'images.npy'), npy(await scene.training()));
    const rivals = [
      ['whole, quantize_static', 'whole, float'],
      ['cut, quantize_static', 'cut, float'],
    ] as const;
    const rivalFiles = rivals.map(([label]) => join(own, `${label.replaceAll(/\W+/g, '-')}.onnx`));
    await python(
      new URL('rival.py', import.meta.url),
      join(own, 'images.npy'),
      ...rivals.flatMap(([, source], i) => [rivalFiles[i]!, files.get(source)!]),
    );
    rivals.forEach(([label], i) => files.set(label, rivalFiles[i]!));
    const times = await measureLatency(
      [...files].map(([label, path]) => ({ name: label, model: path })),
      { provider: 'cpu', runs: 100, batch: 1 },
    );
    for (const [label, path] of files) {
      const { size } = await stat(path);
      const metric = await scene.metric(await readModelFile(path));
      console.log(`| ${name} → ${task} | ${label} | ${size} | ${metric} | ${times[label]!.p50.toFixed(3)} |`);
    }
    const { left, fall, bytes, clipped } = quantisation!;
    console.log(
      `| | ${(bytes.float / bytes.whole).toFixed(2)} × smaller, validation falls by ${(100 * fall).toFixed(1)} points, ${clipped} cut off, float: ${left.map(({ layer }) => layer).join(', ') || 'none'} | | | |`,
    );
  } finally {
    await dataset.close();
  }
}

async function drawn(own: string): Promise<{ readonly model: string; readonly images: string }> {
  const images = join(own, 'faces');
  await renderFaces({ folder: images, count: 1200, seed: 1, size: 64 });
  const out = join(own, 'made');
  await kneepointJson([
    ...['train', '--data', images, '--tasks', 'identity', '--widths', '32,pool,64,pool,128,pool,128', '--epochs', '6'],
    ...['--out', join(out, 'identity.onnx'), '--data-dir', join(own, 'data')],
  ]);
  return { model: join(out, 'identity.onnx'), images };
}

/** The network and the faces of `kneepoint demo`. */
async function demo(own: string): Promise<{ readonly model: string; readonly images: string }> {
  const images = join(own, 'faces');
  await renderFaces({ folder: images, count: 1500, seed: 1, size: 64, persons: 150 });
  const model = fileURLToPath(new URL('../../packages/cli/networks/faces-identity.onnx', import.meta.url));
  return { model, images };
}

interface Scene {
  /** N × C × H × W of the training images, as they are fed. */
  training(): Promise<{ readonly dims: readonly number[]; readonly values: Float32Array }>;
  metric(model: ModelProto): Promise<string>;
}

function sceneOf(dataset: Dataset, report: Report, task: string, model: ModelProto): Scene {
  const { manifest } = dataset;
  const tasks = [manifest.tasks.find(({ name }) => name === task)!];
  const parts: Parts = partsOf(manifest, tasks, report.split.seed);
  const targets = new Targets(manifest, tasks, parts.train);
  const preprocess = validatePreprocess(report.preprocess);
  const { augment } = DEFAULT_TRAINING.head;
  const source = ImageRows.of(dataset, inputSpec(model), { preprocess, tasks, augment, seed: 1 });
  const signal = AbortSignal.timeout(600_000);
  return {
    training: async () => {
      const dims = [parts.train.length, ...source.dims];
      const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      await source.fill(parts.train, null, values);
      return { dims, values };
    },
    metric: async (other) => {
      const read = async (rows: Int32Array): Promise<Float32Array> => {
        const { values } = await answersOf({ model: other, rows, source, batch: 1, provider: 'cpu', signal });
        return inTrainingScale(values, targets);
      };
      const [judged] = judgeTasks(targets, parts, {
        validation: await read(parts.validation),
        test: await read(parts.test),
      });
      return judged!.metric.includes('ccuracy') ? `${(100 * judged!.test).toFixed(1)} %` : judged!.test.toPrecision(4);
    },
  };
}

/** Format 1.0 of NumPy's files: float32, row-major. */
function npy({ dims, values }: { readonly dims: readonly number[]; readonly values: Float32Array }): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims.join(', ')}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11);
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, (padded.length + 1) & 255, (padded.length + 1) >> 8]),
    Buffer.from(`${padded}\n`),
    Buffer.from(values.buffer),
  ]);
}
