/**
 * The training step on a CUDA GPU: the same step graph with the CUDA provider, its agreement with the CPU, images per second of step
 * and forward, and PyTorch on the same card beside it.
 *
 *   npx tsx bench/gpu/run.ts [--json]
 *
 * What it needs is checked first and said: see README.md beside it. Exits with 1 when the two disagree, 2 when it could not run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { Graph, type ModelProto, readTensor } from '@kneepoint/onnx';
import { resolveProvider } from '@kneepoint/runtime';
import { machine } from '../machine.ts';
import { Rival } from '../rival.ts';
import { SIZE, TRAINED } from '../training-networks.ts';
import { classesOf, MOMENTUM, randomImages, RATE, type Stepper, stepper } from '../training-stepper.ts';

const BATCHES = [32, 256] as const;
/** Steps after which weights on the two providers are compared, from equal ones. */
const COMPARED_STEPS = 5;
const TOLERANCE = 1e-3;
const ROUNDS = 10;
const STEPS_PER_ROUND = 10;

interface Figures {
  readonly network: string;
  readonly batch: number;
  /** Largest difference of loss and of weights after some steps, relative to the largest of each tensor. */
  readonly difference: number;
  readonly stepImagesPerSecond: number;
  readonly forwardImagesPerSecond: number;
  readonly theirImagesPerSecond?: number;
}

try {
  await resolveProvider('cuda');
} catch (error) {
  console.error(`NOT RUN: ${Failure.from(error).message}. What is needed stands in bench/gpu/README.md.`);
  process.exit(2);
}

const rival = new Rival('training.py');
const versions = await rival.versions;
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gpu-'));
const all: Figures[] = [];
try {
  console.log(`${machine()}; ${versions ?? 'PyTorch is missing: ours alone'}\n`);
  console.log('| network | batch | agrees to | step, images/s | forward, images/s | PyTorch step, images/s |');
  console.log('|---|---:|---:|---:|---:|---:|');
  for (const [network, make] of Object.entries(TRAINED)) {
    for (const batch of BATCHES) {
      const figures = await measure(network, make(), batch);
      all.push(figures);
      const cells = [
        network,
        batch,
        figures.difference.toExponential(1),
        figures.stepImagesPerSecond.toFixed(0),
        figures.forwardImagesPerSecond.toFixed(0),
        figures.theirImagesPerSecond?.toFixed(0) ?? '',
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
} finally {
  rival.close();
  await rm(folder, { recursive: true, force: true });
}
if (process.argv.includes('--json')) console.log(`\n${JSON.stringify({ machine: machine(), versions, all })}`);
const apart = all.filter(({ difference }) => !(difference <= TOLERANCE));
for (const { network, batch, difference } of apart)
  console.error(`MISSED: ${network} at batch ${batch} differs from the CPU by ${difference.toExponential(1)}`);
if (apart.length > 0) process.exitCode = 1;

async function measure(network: string, model: ModelProto, batch: number): Promise<Figures> {
  const data = { images: randomImages(batch), classes: classesOf(batch) };
  const [gpu, cpu] = [await stepper(model, { ...data, provider: 'cuda' }), await stepper(model, data)];
  try {
    const difference = await differenceOf(gpu, cpu);
    const theirs = versions === undefined ? undefined : await prepareRival(network, model, batch, data.classes);
    const best = { step: Infinity, forward: Infinity, theirs: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      best.step = Math.min(best.step, await secondsPer(() => gpu.step()));
      best.forward = Math.min(best.forward, await secondsPer(() => gpu.forward()));
      if (theirs) best.theirs = Math.min(best.theirs, await theirs());
    }
    return {
      network,
      batch,
      difference,
      stepImagesPerSecond: batch / best.step,
      forwardImagesPerSecond: batch / best.forward,
      ...(theirs ? { theirImagesPerSecond: batch / best.theirs } : {}),
    };
  } finally {
    await gpu.release();
    await cpu.release();
  }
}

async function differenceOf(gpu: Stepper, cpu: Stepper): Promise<number> {
  let worst = 0;
  for (let step = 0; step < COMPARED_STEPS; step++) {
    const [ours, reference] = [await gpu.step(), await cpu.step()];
    worst = Math.max(worst, Math.abs(ours / reference - 1));
  }
  const states = [gpu.state(), cpu.state()] as const;
  for (const [name, { data }] of Object.entries(states[1])) {
    if (!name.startsWith('weight/')) continue;
    const other = states[0][name]!.data as Float32Array;
    const reference = data as Float32Array;
    let [largest, apart] = [0, 0];
    reference.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value));
      apart = Math.max(apart, Math.abs(value - other[i]!));
    });
    if (largest > 0) worst = Math.max(worst, apart / largest);
  }
  return worst;
}

/** Seconds per step of PyTorch on the card, from the same weights and images. */
async function prepareRival(
  network: string,
  model: ModelProto,
  batch: number,
  classes: readonly number[],
): Promise<() => Promise<number>> {
  const files = { weights: join(folder, 'w.bin'), images: join(folder, 'x.bin'), labels: join(folder, 'y.bin') };
  const numbers = new Graph(model).proto.initializer.map((tensor) => readTensor(tensor).data as Float32Array);
  await writeFile(files.weights, Buffer.concat(numbers.map((data) => new Uint8Array(Float32Array.from(data).buffer))));
  await writeFile(files.images, new Uint8Array(randomImages(batch).data.buffer));
  await writeFile(files.labels, new Uint8Array(BigInt64Array.from(classes, BigInt).buffer));
  const settings = { batch, size: SIZE, threads: 1, rate: RATE, momentum: MOMENTUM, layout: 'first', device: 'cuda' };
  await rival.ask({ network, ...files, ...settings });
  return async () => {
    const { wall } = (await rival.ask({ steps: STEPS_PER_ROUND })) as { readonly wall: number };
    return wall / STEPS_PER_ROUND;
  };
}

async function secondsPer(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < STEPS_PER_ROUND; i++) await work();
  return (performance.now() - started) / 1000 / STEPS_PER_ROUND;
}
