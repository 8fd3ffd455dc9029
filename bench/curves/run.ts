/**
 * The characteristic curves of all 13 layers of VGG-16 for one task, features given, against the same work in scikit-learn:
 *
 *   npx tsx bench/curves/run.ts
 *
 * Needs Debian's python3-sklearn. One thread each, processor time, the fastest of some runs in turn.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { curve, Random, splitRows, type TaskSpec } from '@kneepoint/regression';
import { machine } from '../support/machine.ts';
import { NO_RIVAL, processorSeconds, Rival } from '../support/rival.ts';

/** One layer; seconds of processor time. */
export interface LayerFigures {
  readonly filters: number;
  readonly ours: number;
  readonly theirs: number;
  /** Their parts of the work: standardising with the Gram matrix, and the path. The rest is the error on validation rows. */
  readonly theirStatistics: number;
  readonly theirPath: number;
  /** Largest duality gap on the path, over the variance of the labels. */
  readonly ourGap: number;
  readonly theirGap: number;
  /** Largest relative difference between the two validation errors at any λ. */
  readonly difference: number;
}

export interface CurvesFigures {
  readonly rival: string;
  readonly rows: number;
  readonly layers: readonly LayerFigures[];
  readonly ours: number;
  readonly theirs: number;
  /** How many times as fast as scikit-learn, over all layers. */
  readonly ratio: number;
}

interface Layer {
  readonly filters: number;
  /** ROWS × filters. */
  readonly responses: Float32Array;
  readonly labels: Float64Array;
}

/** What rival.py says of one run. */
interface RivalRun {
  readonly seconds: number;
  readonly statistics: number;
  readonly path: number;
  readonly gap: number;
  readonly rmse: readonly number[];
}

const WIDTHS = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512] as const;
const ROWS = 20_000;
const ROUNDS = 2;
const SEED = 1;
/** lasso_path stops at a duality gap of this share of yᵀy: at most 1e-4, which is also its default. */
const TOLERANCE = 1e-4;
const TASK: TaskSpec = { name: 'yaw', type: 'continuous', unit: 'degrees', targets: ['yaw'] };

/** Measures for a few minutes; undefined where scikit-learn is missing. */
export async function curves(
  onLayer: (figures: LayerFigures) => void = () => undefined,
): Promise<CurvesFigures | undefined> {
  const rival = new Rival(new URL('rival.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  try {
    const versions = await rival.versions;
    if (versions === undefined) return undefined;
    const layers: LayerFigures[] = [];
    for (const [position, filters] of WIDTHS.entries()) {
      layers.push(await compare(rival, randomResponses(filters, position), folder));
      onLayer(layers.at(-1)!);
    }
    const ours = sum(layers.map((layer) => layer.ours));
    const theirs = sum(layers.map((layer) => layer.theirs));
    return { rival: versions, rows: ROWS, layers, ours, theirs, ratio: theirs / ours };
  } finally {
    rival.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(rival: Rival, { filters, responses, labels }: Layer, folder: string): Promise<LayerFigures> {
  const request = { responses, labels, task: TASK, seed: SEED };
  // The first run also warms the instances up, and says at which λ to compare.
  const { points } = curve(request);
  const files = { features: join(folder, 'x.bin'), labels: join(folder, 'y.bin'), parts: join(folder, 'parts.bin') };
  await writeFile(files.features, new Uint8Array(responses.buffer));
  await writeFile(files.labels, new Uint8Array(labels.buffer));
  await writeFile(files.parts, splitRows({ rows: ROWS, seed: SEED, trial: 0 }));
  await rival.ask({ ...files, filters, lambdas: points.map(({ lambda }) => lambda), tolerance: TOLERANCE });
  let ours = Number.POSITIVE_INFINITY;
  let best: RivalRun | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    ours = Math.min(
      ours,
      processorSeconds(() => curve(request)),
    );
    const run = (await rival.ask({})) as RivalRun;
    if (best === undefined || run.seconds < best.seconds) best = run;
  }
  const { seconds, statistics, path, gap, rmse } = best!;
  return {
    filters,
    ours,
    theirs: seconds,
    theirStatistics: statistics,
    theirPath: path,
    ourGap: Math.max(...points.map((point) => point.gap)),
    theirGap: gap,
    difference: Math.max(...points.map(({ rmseValidation }, i) => Math.abs(rmse[i]! / rmseValidation - 1))),
  };
}

/**
 * Responses as a layer's pooled ones are: never negative, on scales of their own, strongly correlated, a little noise, some filters
 * dead. For 512 filters the eigenvalues fall as those of the head-pose network's widest layer on real faces up to the sixtieth, and
 * more slowly after it, which is kinder to coordinate descent. The label follows a few latent factors.
 */
function randomResponses(filters: number, position: number): Layer {
  const random = Random.seeded(SEED, filters, position);
  const factors = filters / 4;
  const loading = Float64Array.from({ length: filters * factors }, (_, i) => {
    const factor = i % factors;
    return random.normal() * Math.sqrt(Math.exp((-6 * factor) / filters) / (factor + 1));
  });
  const gain = Float64Array.from({ length: filters }, () => 10 ** (2 * random.uniform() - 1));
  const bias = Float64Array.from({ length: filters }, () => random.normal());
  const alive = Float64Array.from({ length: filters }, () => (random.uniform() < 0.04 ? 0 : 1));
  const responses = new Float32Array(ROWS * filters);
  const labels = new Float64Array(ROWS);
  const latent = new Float64Array(factors);
  for (let row = 0; row < ROWS; row++) {
    for (let factor = 0; factor < factors; factor++) latent[factor] = random.normal();
    for (let j = 0; j < filters; j++) {
      let drive = bias[j]! + 0.02 * random.normal();
      for (let factor = 0; factor < factors; factor++) drive += loading[j * factors + factor]! * latent[factor]!;
      responses[row * filters + j] = alive[j]! * gain[j]! * softplus(drive);
    }
    labels[row] = 20 * (latent[0]! - latent[2]! + 0.5 * latent[5]! + Math.tanh(latent[8]!) + 0.5 * random.normal());
  }
  return { filters, responses, labels };
}

/** The mean of a rectifier over many positions is smooth. */
function softplus(x: number): number {
  return Math.log1p(Math.exp(-Math.abs(x))) + Math.max(0, x);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(machine());
  const figures = await curves((layer) => console.log(JSON.stringify(layer)));
  if (figures === undefined) {
    console.error(NO_RIVAL);
    process.exit(2);
  }
  const { rival, ours, theirs, ratio } = figures;
  console.log(`ours ${ours.toFixed(2)} s, ${rival} ${theirs.toFixed(2)} s: ${ratio.toFixed(2)} times as fast`);
}
