import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, type ModelProto, readTensor } from '@kneepoint/onnx';
import { ZOO } from '../../test/zoo/networks/index.ts';
import type { Rival } from '../support/rival.ts';
import { CLASSES, SIZE, TRAINED } from '../training/networks.ts';
import { classesOf, MOMENTUM, randomImages, RATE, type Stepper, stepper } from '../training/stepper.ts';
import { relativeDifference } from './difference.ts';

/** Steps after which weights on the two providers are compared, from equal ones. */
const COMPARED_STEPS = 5;
const ROUNDS = 10;
const STEPS_PER_ROUND = 10;

/** The training step on the card, beside the same step on the CPU and PyTorch's on the card. */
export interface TrainingOnCard {
  readonly network: string;
  readonly size: number;
  readonly batch: number;
  /** Largest difference from the CPU, of loss and of weights after some steps, relative to the largest number of each tensor. */
  readonly difference: number;
  readonly stepImagesPerSecond: number;
  readonly forwardImagesPerSecond: number;
  readonly theirImagesPerSecond?: number;
}

interface Case {
  readonly network: string;
  readonly model: ModelProto;
  readonly size: number;
  readonly batch: number;
  readonly outputs: number;
}

function* cases(): Generator<Case> {
  for (const [network, make] of Object.entries(TRAINED)) {
    for (const batch of [32, 256]) yield { network, model: make(), size: SIZE, batch, outputs: CLASSES };
  }
  yield { network: 'resnet18', model: ZOO['ResNet-18']!.make(1, 224), size: 224, batch: 64, outputs: 1000 };
}

/** `rival` is left out where PyTorch is missing. */
export async function* trainingOnCard(rival: Rival | undefined): AsyncGenerator<TrainingOnCard> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gpu-'));
  try {
    for (const made of cases()) yield await measure(made, rival, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(made: Case, rival: Rival | undefined, folder: string): Promise<TrainingOnCard> {
  const { network, model, size, batch, outputs } = made;
  const data = { images: randomImages(batch, size), classes: classesOf(batch), outputs };
  const [gpu, cpu] = [await stepper(model, { ...data, provider: 'cuda' }), await stepper(model, data)];
  try {
    const difference = await differenceOf(gpu, cpu);
    const theirs = rival && (await prepareRival(rival, made, folder));
    const best = { step: Infinity, forward: Infinity, theirs: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      best.step = Math.min(best.step, await secondsPer(() => gpu.step()));
      best.forward = Math.min(best.forward, await secondsPer(() => gpu.forward()));
      if (theirs) best.theirs = Math.min(best.theirs, await theirs());
    }
    return {
      network,
      size,
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
    worst = Math.max(worst, relativeDifference(data as Float32Array, states[0][name]!.data as Float32Array));
  }
  return worst;
}

/** Seconds per step of PyTorch on the card, on the same images; the small networks from the same weights. */
async function prepareRival(
  rival: Rival,
  { network, model, size, batch }: Case,
  folder: string,
): Promise<() => Promise<number>> {
  const files = { images: join(folder, 'x.bin'), labels: join(folder, 'y.bin') };
  await writeFile(files.images, new Uint8Array(randomImages(batch, size).data.buffer));
  await writeFile(files.labels, new Uint8Array(BigInt64Array.from(classesOf(batch), BigInt).buffer));
  const settings = { batch, size, threads: 1, rate: RATE, momentum: MOMENTUM, layout: 'first', device: 'cuda' };
  const weights = network in TRAINED ? { weights: await writeWeights(model, join(folder, 'w.bin')) } : {};
  await rival.ask({ network, ...files, ...weights, ...settings });
  return async () => {
    const { wall } = (await rival.ask({ steps: STEPS_PER_ROUND })) as { readonly wall: number };
    return wall / STEPS_PER_ROUND;
  };
}

async function writeWeights(model: ModelProto, path: string): Promise<string> {
  const numbers = new Graph(model).proto.initializer.map((tensor) => readTensor(tensor).data as Float32Array);
  await writeFile(path, Buffer.concat(numbers.map((data) => new Uint8Array(Float32Array.from(data).buffer))));
  return path;
}

async function secondsPer(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < STEPS_PER_ROUND; i++) await work();
  return (performance.now() - started) / 1000 / STEPS_PER_ROUND;
}
