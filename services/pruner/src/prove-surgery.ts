import { Failure } from '@kneepoint/failures';
import {
  dimsOf,
  feedData,
  Graph,
  type ImageSize,
  inputFeeds,
  isFree,
  type ModelProto,
  seededRandom,
} from '@kneepoint/onnx';
import { answersAlike, type Gate, type Proof, type ProofBatch, prove, type RunModel } from '@kneepoint/pruning';
import { runBatches, type SizeVerdict } from '@kneepoint/runtime';
import type { PlannedCut } from '@kneepoint/workflow';
import { imageBatches, type Images } from './run-over.ts';

const REAL_IMAGES = 8;
const RANDOM_IMAGES = 4;

/** The three gates on random and real images. A network that is not proved is not shipped. Throws SURGERY_NOT_PROVED. */
export async function proveSurgery(
  { network, shapes, plan }: PlannedCut,
  images: Images,
  { rows, seed }: { readonly rows: Int32Array; readonly seed: number },
): Promise<Proof> {
  const batches = await proofImages(images, { rows, seed });
  return requireProof(
    await prove({
      model: network,
      shapes,
      plan,
      images: batches,
      run: runOnCpu(),
      seed,
    }),
  );
}

/** Whether two networks answer the same on random and on real images, as far as rounding lets the first of them. */
export async function sameAnswers(
  one: ModelProto,
  other: ModelProto,
  images: Images,
  chosen: { readonly rows: Int32Array; readonly seed: number },
): Promise<boolean> {
  const { name, channels, height, width } = images.spec;
  const batches = (await proofImages(images, chosen)).map((data): ProofBatch => {
    const count = data.length / (channels * height * width);
    return { images: count, feeds: [{ name, dims: [count, channels, height, width], data }] };
  });
  return answersAlike(one, other, { batches, run: runOnCpu(), seed: chosen.seed });
}

async function proofImages(
  images: Images,
  { rows, seed }: { readonly rows: Int32Array; readonly seed: number },
): Promise<Float32Array[]> {
  const { channels, height, width } = images.spec;
  const area = channels * height * width;
  const batches = [randomImages(images.spec, seed)];
  for await (const batch of imageBatches(images, rows.subarray(0, REAL_IMAGES))) {
    batches.push(batch.data.slice(0, batch.indices.length * area));
  }
  const { batch: fixed } = images.spec;
  return fixed === 'free' ? batches : batches.flatMap((batch) => pieces(batch, fixed * area));
}

/** As many images at a time as the network takes. */
function pieces(data: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: Math.floor(data.length / length) }, (_, i) =>
    data.subarray(i * length, (i + 1) * length),
  );
}

/** Runs graphs on the CPU: a GPU rounds what it multiplies to TF32's 10 bits. */
export function runOnCpu(): RunModel {
  return runBatches({ provider: 'cpu' });
}

/**
 * The proof, or SURGERY_NOT_PROVED naming the gates that it did not pass; SURGERY_UNDECIDED where nothing was seen that rounding could not
 * have done.
 */
export function requireProof(proof: Proof): Proof {
  if (proof.passed) return proof;
  const failed = Object.entries<Gate>(proof.gates).filter(([, gate]) => !gate.passed);
  const message = failed.map(([name, gate]) => `${name}: ${gate.detail}`).join('; ');
  const where = failed.map(([name]) => name).join(', ');
  if (proof.undecided) throw new Failure('SURGERY_UNDECIDED', message, { where });
  const differs = DIFFERENCES.some((name) => !proof.gates[name].passed && !proof.gates[name].undecided);
  throw new Failure('SURGERY_NOT_PROVED', message, {
    where,
    fix: differs
      ? 'Report it with the model: the rule of an operator is wrong.'
      : 'Keep more filters, by a smaller ε or a least number for each layer: so few are left that the image hardly reaches the output.',
  });
}

/** How a cut compares with masking at a size that nobody asked for, where neither graph need run. */
export async function verdictAtSize(
  masked: ModelProto,
  cut: ModelProto,
  { run, ...fed }: { readonly batches: readonly ProofBatch[]; readonly run: RunModel; readonly seed: number },
): Promise<SizeVerdict> {
  let ran = false;
  const watched: RunModel = async (...given) => {
    const results = await run(...given);
    ran = true;
    return results;
  };
  try {
    return (await answersAlike(masked, cut, { ...fed, run: watched })) ? 'holds' : 'differs';
  } catch (error) {
    if (error instanceof Failure) return ran ? 'differs' : 'unknown';
    throw error;
  }
}

const DIFFERENCES = ['own', 'he', 'default'] as const;

/**
 * Noise for a network with inputs of any kind, as each type takes it: a few images together where every leading length is free, else as
 * many runs of what the network takes at a time.
 */
export function drawnFeeds(
  model: ModelProto,
  { seed, size }: { readonly seed: number; readonly size?: ImageSize },
): ProofBatch[] {
  const { inputs } = new Graph(model);
  const random = seededRandom(seed);
  const together = inputs.every((input) => isFree(dimsOf(input)[0]) && dimsOf(input).length > 0);
  const batch = together ? RANDOM_IMAGES : 1;
  const wanted = inputFeeds(model, { batch, ...(size ? { size } : {}) });
  const draw = () => wanted.map((feed) => ({ name: feed.name, dims: feed.dims, data: feedData(feed, random) }));
  if (together) return [{ images: batch, feeds: draw() }];
  // What goes through together may be answered together: each run counts as one.
  return Array.from({ length: RANDOM_IMAGES }, () => ({ images: 1, feeds: draw() }));
}

/** A few images of noise in [−1, 1). */
export function randomImages(
  { channels, height, width }: Pick<Images['spec'], 'channels' | 'height' | 'width'>,
  seed: number,
): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: RANDOM_IMAGES * channels * height * width }, () => 2 * random.uniform() - 1);
}
