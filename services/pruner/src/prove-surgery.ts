import { Failure } from '@kneepoint/failures';
import { seededRandom } from '@kneepoint/onnx';
import { type Proof, prove, type RunModel } from '@kneepoint/pruning';
import { runOnce } from '@kneepoint/runtime';
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
  const { channels, height, width } = images.spec;
  const batches = [randomImages(images.spec, seed)];
  for await (const batch of imageBatches(images, rows.subarray(0, REAL_IMAGES))) {
    batches.push(batch.data.slice(0, batch.indices.length * channels * height * width));
  }
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

/** A few images of noise in [−1, 1). */
export function randomImages(
  { channels, height, width }: Pick<Images['spec'], 'channels' | 'height' | 'width'>,
  seed: number,
): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: RANDOM_IMAGES * channels * height * width }, () => 2 * random.uniform() - 1);
}
