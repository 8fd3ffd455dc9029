import { seededRandom } from '@kneepoint/onnx';
import { prove } from '@kneepoint/pruning';
import { openSession } from '@kneepoint/runtime';
import { Failure } from '@kneepoint/failures';
import type { PlannedCompression, ReportProof } from '@kneepoint/workflow';
import { imageBatches, type Images } from './run-over.ts';

interface Feed {
  readonly name: string;
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

const REAL_IMAGES = 8;
const RANDOM_IMAGES = 4;

/** The three gates on random and real images. A proof that fails ends the work: a network that is not the masked one is not shipped. */
export async function proveSurgery(
  { network, shapes, plan }: PlannedCompression,
  images: Images,
  { rows, seed }: { readonly rows: Int32Array; readonly seed: number },
): Promise<ReportProof> {
  const { channels, height, width, name } = images.spec;
  const feeds = randomFeeds(images.spec, seed);
  for await (const batch of imageBatches(images, rows.subarray(0, REAL_IMAGES))) {
    const count = batch.indices.length;
    feeds.push({
      name,
      data: batch.data.slice(0, count * channels * height * width),
      dims: [count, channels, height, width],
    });
  }
  const proof = await prove({
    model: network,
    shapes,
    plan,
    images: feeds,
    run: runModel(images.context.provider),
    seed,
  });
  if (!proof.passed) {
    throw new Failure('SURGERY_NOT_PROVED', `the cut network differs from the masked one: ${JSON.stringify(proof)}`, {
      fix: 'Report it with the model: a rule of an operator is wrong, or the proof has no power on this network.',
    });
  }
  return proof;
}

/** Runs encoded bytes once, for provers that have no runtime of their own. */
export function runModel(provider: Images['context']['provider']) {
  return async (
    model: Uint8Array,
    feed: Feed,
  ): Promise<Map<string, { dims: readonly number[]; data: Float32Array }>> => {
    const session = await openSession(model, { provider });
    try {
      const results = await session.run({ [feed.name]: { data: feed.data, dims: feed.dims } });
      return new Map(
        Object.entries(results).map(([output, { data, dims }]) => [
          output,
          { dims, data: Float32Array.from(data as Float32Array) },
        ]),
      );
    } finally {
      await session.release();
    }
  };
}

/** Images of noise in [−1, 1), as one feed. */
export function randomFeeds({ name, channels, height, width }: Images['spec'], seed: number): Feed[] {
  const random = seededRandom(seed);
  const dims = [RANDOM_IMAGES, channels, height, width];
  const data = Float32Array.from({ length: RANDOM_IMAGES * channels * height * width }, () => 2 * random.uniform() - 1);
  return [{ name, data, dims }];
}
