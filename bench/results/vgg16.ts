/**
 * A full-size VGG-16 (random weights, 224 × 224) analysed on 200 images and pruned: time of each step and the most memory that
 * any process of it held. Ten minutes or so; not part of the tests.
 *
 *   npx tsx bench/results/vgg16.ts [images]
 */
import { readdir, readFile } from 'node:fs/promises';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderFaces } from '@kneepoint/datasets';
import { encodeModel, vgg16 } from '@kneepoint/onnx';
import type { Report } from '@kneepoint/workflow';
import { Kneepoint } from '../../test/support/kneepoint.ts';
import { machine } from '../support/machine.ts';

const IMAGES = Number(process.argv[2] ?? 200);
const SAMPLE_MS = 250;

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-vgg16-'));
try {
  console.log(machine());
  const model = join(folder, 'vgg16.onnx');
  await writeFile(model, encodeModel(vgg16({ size: 224, seed: 1 })));
  await writeFile(
    join(folder, 'vgg16.preprocess.json'),
    JSON.stringify({ channels: 'rgb', range: [0, 1], mean: [0.45], std: [0.23] }),
  );
  const faces = join(folder, 'faces');
  await renderFaces({ folder: faces, count: IMAGES, seed: 1, size: 224 });
  console.log(`model ${((await stat(model)).size / 1e6).toFixed(0)} MB, ${IMAGES} images`);
  const data = ['--data-dir', join(folder, 'data'), '--json'];
  const name = ['vgg16', 'faces'];
  await timed('import the model', ['model', 'add', model, ...data]);
  await timed('import the images', ['dataset', 'add', faces, ...data]);
  await timed('analyse gender and yaw, 13 layers', ['analyze', ...name, '--tasks', 'gender,yaw', ...data]);
  // Random filters: a layer may say so little that a handful would be left, and nothing of the image would come through.
  const pruned = await timed('prune for yaw at ε = 0.01, at least 16 filters a layer', [
    'prune',
    ...name,
    'yaw',
    '--epsilon',
    '0.01',
    '--min-filters',
    '16',
    ...data,
  ]);
  const { metric, before, after, proof } = (JSON.parse(pruned) as Report).results[0]!;
  console.log(
    JSON.stringify({ metric, before, after, proof: { maxRelDiff: proof.maxRelDiff, passed: proof.passed } }, null, 2),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Runs a command and prints its time and the largest resident memory of any one process below it. */
async function timed(label: string, args: readonly string[]): Promise<string> {
  const started = performance.now();
  const process_ = new Kneepoint(args, { env: { KNEEPOINT_MEMORY_MB: '4096' } });
  let most = 0;
  const timer = setInterval(
    () => void sample(process_.child.pid!).then((bytes) => (most = Math.max(most, bytes))),
    SAMPLE_MS,
  );
  const { code, stdout, stderr } = await process_.finished();
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${label}: ${seconds.toFixed(1)} s, largest process ${(most / 2 ** 30).toFixed(2)} GiB, exit ${code}`);
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout;
}

/** The largest resident set among a process and its descendants, in bytes (Linux). */
async function sample(root: number): Promise<number> {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    parents.set(Number(entry), field('PPid'));
    resident.set(Number(entry), field('VmRSS') * 1024);
  }
  const below = (pid: number): boolean =>
    pid === root || (parents.has(pid) && parents.get(pid)! > 1 && below(parents.get(pid)!));
  return Math.max(0, ...[...resident].filter(([pid]) => below(pid)).map(([, bytes]) => bytes));
}
