import { Failure } from '@kneepoint/failures';
import {
  dimsOf,
  encodeModel,
  feedData,
  Graph,
  type ImageSize,
  inputFeeds,
  isFree,
  type ModelProto,
  seededRandom,
} from '@kneepoint/onnx';
import {
  type BatchOutputs,
  compareOutputs,
  type ModelOutput,
  type Proof,
  type ProofBatch,
  prove,
  type RunModel,
} from '@kneepoint/pruning';
import { runOnce } from '@kneepoint/runtime';
import type { PlannedCut } from '@kneepoint/workflow';
import { imageBatches, type Images } from './run-over.ts';

const REAL_IMAGES = 8;
const RANDOM_IMAGES = 4;
/** Of the largest output. */
const TOLERANCE = 1e-5;

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
      run: runAsWritten(),
      seed,
    }),
  );
}

/** Whether two networks answer the same on random and on real images, within the tolerance of a proof. */
export async function sameAnswers(
  one: ModelProto,
  other: ModelProto,
  images: Images,
  chosen: { readonly rows: Int32Array; readonly seed: number },
): Promise<boolean> {
  const { name, channels, height, width } = images.spec;
  const batches = await proofImages(images, chosen);
  const counts = batches.map((data) => data.length / (channels * height * width));
  const answers = async (model: ModelProto): Promise<BatchOutputs> => {
    const run = runAsWritten();
    const bytes = encodeModel(model);
    const results: ReadonlyMap<string, ModelOutput>[] = [];
    for (const [i, data] of batches.entries())
      results.push(await run(bytes, [{ name, dims: [counts[i]!, channels, height, width], data }]));
    return { images: counts, results };
  };
  const wanted = await answers(one);
  return compareOutputs(await answers(other), wanted).maxRelDiff <= TOLERANCE;
}

async function proofImages(
  images: Images,
  { rows, seed }: { readonly rows: Int32Array; readonly seed: number },
): Promise<Float32Array[]> {
  const { channels, height, width } = images.spec;
  const batches = [randomImages(images.spec, seed)];
  for await (const batch of imageBatches(images, rows.subarray(0, REAL_IMAGES))) {
    batches.push(batch.data.slice(0, batch.indices.length * channels * height * width));
  }
  return batches;
}

/**
 * Runs a graph as it is written, on the CPU. An optimiser picks other kernels for other widths, whose rounding, where much cancels out,
 * is as large as the difference that a proof allows; and it could hide one. A GPU rounds what it multiplies to TF32's 10 bits.
 */
export function runAsWritten(): RunModel {
  return runOnce({ provider: 'cpu', optimization: 'disabled' });
}

/** The proof, or SURGERY_NOT_PROVED naming the gates that it did not pass. */
export function requireProof(proof: Proof): Proof {
  if (proof.passed) return proof;
  const failed = Object.entries(proof.gates).filter(([, gate]) => !gate.passed);
  const differs = !proof.gates.own.passed || !proof.gates.he.passed;
  throw new Failure('SURGERY_NOT_PROVED', failed.map(([name, gate]) => `${name}: ${gate.detail}`).join('; '), {
    where: failed.map(([name]) => name).join(', '),
    fix: differs
      ? 'Report it with the model: the rule of an operator is wrong.'
      : 'Keep more filters, by a smaller ε or a least number for each layer: so few are left that the image hardly reaches the output.',
  });
}

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
