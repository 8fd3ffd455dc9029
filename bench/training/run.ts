/**
 * The training step against PyTorch on the CPU: forward, cross-entropy, backward, SGD with momentum; same network, weights, images.
 *
 *   npx tsx bench/training/run.ts [--newer]
 *
 * One thread each, processor time, the fastest of some rounds in turn. PyTorch may choose between its two memory layouts. Then the
 * step over its own forward half, and resident memory over 2 000 steps. Needs Debian's python3-torch and python3-numpy; --newer installs a
 * PyTorch 2 of several GB from PyPI and takes the faster of the two.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { blockOf } from '@kneepoint/autodiff';
import { Graph, readTensor, vggStyle } from '@kneepoint/onnx';
import { machine } from '../support/machine.ts';
import { installNewerTorch, NEWER_TORCH } from '../support/newer-torch.ts';
import { Rival } from '../support/rival.ts';
import { SIZE, TRAINED } from './networks.ts';
import { classesOf, MOMENTUM, randomImages, RATE, runOnce, stepper } from './stepper.ts';

/** One network; milliseconds of processor time per step of a batch of 32. */
export interface TrainingNet {
  readonly network: string;
  readonly parameters: number;
  readonly step: number;
  /** The step of standard operators alone: convolutions keep the plain layout. */
  readonly standard: number;
  /** The forward half of standard operators alone, weights as inputs: what ONNX Runtime makes of the network by itself. */
  readonly forward: number;
  readonly stepOverForward: number;
  /** The forward half as it is within the step, its convolutions in blocks. */
  readonly ownForward: number;
  readonly stepOverOwnForward: number;
  /** The faster version of PyTorch in the faster of its two layouts; undefined where it is missing. */
  readonly theirs?: { readonly step: number; readonly version: string; readonly layout: string };
  /** Our time over theirs. */
  readonly ratio?: number;
  /** Largest relative difference between the losses of the two, step by step from the same weights. */
  readonly difference?: number;
}

export interface TrainingFigures {
  readonly rival: string | undefined;
  /** Channels in a block of this machine's convolutions; 0 where there is no such layout. */
  readonly block: number;
  readonly nets: readonly TrainingNet[];
  /** Resident bytes after 200 and after 2 000 steps of a small network. */
  readonly memory: { readonly at200: number; readonly at2000: number };
}

const BATCH = 32;
const THREADS = 1;
const ROUNDS = 12;
const LAYOUTS = ['first', 'last'] as const;

interface Torch {
  readonly rival: Rival;
  readonly version: string;
  readonly layout: (typeof LAYOUTS)[number];
}

/**
 * Measures for about a minute.
 * @param newer also beside the PyTorch of another interpreter
 */
export async function training(
  onNet: (net: TrainingNet) => void = () => undefined,
  newer?: string,
): Promise<TrainingFigures> {
  const script = new URL('rival.py', import.meta.url);
  const started = [undefined, ...(newer === undefined ? [] : [newer])].flatMap((interpreter) =>
    LAYOUTS.map((layout) => ({ layout, rival: new Rival(script, interpreter) })),
  );
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  try {
    const rivals: Torch[] = [];
    for (const { layout, rival } of started) {
      const version = await rival.versions;
      if (version !== undefined) rivals.push({ rival, version, layout });
    }
    const versions = [...new Set(rivals.map(({ version }) => version))];
    const block = await blockOf(runOnce);
    const nets: TrainingNet[] = [];
    for (const network of Object.keys(TRAINED)) {
      nets.push(await compare(network, block, rivals, folder));
      onNet(nets.at(-1)!);
    }
    const rival = versions.length > 0 ? versions.join(' and ') : undefined;
    return { rival, block, nets, memory: await memory(block) };
  } finally {
    for (const { rival } of started) rival.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Said loudly wherever the comparison was left out. */
export const NO_TORCH = 'NOT RUN: PyTorch is missing (apt-get install python3-torch python3-numpy)';

interface RivalSteps {
  readonly seconds: number;
  readonly loss: number;
}

async function compare(network: string, block: number, rivals: readonly Torch[], folder: string): Promise<TrainingNet> {
  const model = TRAINED[network]!();
  const data = { images: randomImages(BATCH), classes: classesOf(BATCH) };
  const ours = await stepper(model, { ...data, block, threads: THREADS });
  const plain = await stepper(model, { ...data, threads: THREADS });
  const numbers = new Graph(model).proto.initializer.map((tensor) => readTensor(tensor).data as Float32Array);
  const parameters = numbers.reduce((sum, { length }) => sum + length, 0);
  const files = { weights: join(folder, 'w.bin'), images: join(folder, 'x.bin'), labels: join(folder, 'y.bin') };
  await writeFile(files.weights, Buffer.concat(numbers.map((data) => new Uint8Array(Float32Array.from(data).buffer))));
  await writeFile(files.images, new Uint8Array(data.images.data.buffer));
  await writeFile(files.labels, new Uint8Array(BigInt64Array.from(data.classes, BigInt).buffer));
  const differences: number[] = [];
  const compareLoss = (our: number, their: number) => differences.push(Math.abs(our / their - 1));
  const first = await ours.step();
  for (const { layout, rival } of rivals) {
    const settings = { batch: BATCH, size: SIZE, threads: THREADS, rate: RATE, momentum: MOMENTUM, layout };
    const { loss } = (await rival.ask({ network, ...files, ...settings })) as RivalSteps;
    compareLoss(first, loss);
  }
  const best = { step: Infinity, standard: Infinity, forward: Infinity, ownForward: Infinity };
  const theirs = new Map<Torch, number>();
  for (let round = 0; round < ROUNDS; round++) {
    let loss = 0;
    best.step = Math.min(best.step, await milliseconds(async () => void (loss = await ours.step())));
    best.standard = Math.min(best.standard, await milliseconds(() => plain.step()));
    best.forward = Math.min(best.forward, await milliseconds(() => plain.forward()));
    best.ownForward = Math.min(best.ownForward, await milliseconds(() => ours.forward()));
    for (const torch of rivals) {
      const run = (await torch.rival.ask({ steps: 1 })) as RivalSteps;
      theirs.set(torch, Math.min(theirs.get(torch) ?? Infinity, 1000 * run.seconds));
      compareLoss(loss, run.loss);
    }
  }
  await ours.release();
  await plain.release();
  const [fastest] = [...theirs].sort((a, b) => a[1] - b[1]);
  return {
    network,
    parameters,
    ...best,
    stepOverForward: best.step / best.forward,
    stepOverOwnForward: best.step / best.ownForward,
    ...(fastest === undefined
      ? {}
      : {
          theirs: { version: fastest[0].version, layout: `channels ${fastest[0].layout}`, step: fastest[1] },
          ratio: best.step / fastest[1],
          difference: Math.max(...differences),
        }),
  };
}

/** Resident memory while a small network trains. */
async function memory(block: number): Promise<TrainingFigures['memory']> {
  const size = 16;
  const model = vggStyle({ widths: [8, 8, 'pool', 12, 12, 'pool', 16], size, seed: 1 });
  const small = await stepper(model, {
    images: randomImages(BATCH, size),
    classes: classesOf(BATCH),
    block,
    threads: THREADS,
  });
  const after = async (steps: number): Promise<number> => {
    for (let i = 0; i < steps; i++) await small.step();
    return process.memoryUsage.rss();
  };
  const at200 = await after(200);
  const at2000 = await after(1800);
  await small.release();
  return { at200, at2000 };
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values: options } = parseArgs({ options: { newer: { type: 'boolean', default: false } } });
  const missing = options.newer ? await installNewerTorch() : undefined;
  if (missing !== undefined) {
    console.error(missing);
    process.exit(2);
  }
  console.log(machine());
  const { rival, memory: bytes } = await training(
    (net) => console.log(JSON.stringify(net)),
    options.newer ? NEWER_TORCH.interpreter : undefined,
  );
  if (rival === undefined) console.error(NO_TORCH);
  const [from, to] = [bytes.at200, bytes.at2000].map((value) => (value / 2 ** 20).toFixed(0));
  console.log(`${rival}; resident memory after 200 steps ${from} MiB, after 2 000 ${to} MiB`);
  if (rival === undefined) process.exitCode = 2;
}
