import { seededRandom } from '@kneepoint/onnx';
import type { healing } from '@kneepoint/pruning';
import type { Dense } from '@kneepoint/runtime';
import { batchWithin, imageBatches, type Images } from '../run-over.ts';

/** Rows of a layer that are enough, and how many positions of an image give them. */
const WANTED_ROWS = 10_000;
const LEAST_POSITIONS = 24;
const MOST_POSITIONS = 48;
/** Images that are enough. */
const MOST_TRAIN = 1000;
const MOST_VALIDATION = 500;
/** Bytes of the original's answers that are kept. */
const TARGET_BYTES = 256e6;

export type Part = 'train' | 'validation';

/** Some images that go through a network together, and what is known of them. */
export interface SampledBatch {
  readonly part: Part;
  readonly count: number;
  /** By node: flat output positions, drawn for this batch. */
  readonly positions: ReadonlyMap<string, Int32Array>;
  /** By node: the original's answers there. */
  readonly targets: Map<string, Float32Array>;
  /** By name: values of the cut network from which it is taken up again. */
  stored: Map<string, Dense>;
}

export interface Rows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** As many images of each part as are wanted, drawn by the seed and in the order in which they lie in the data set. */
export function chosenRows({ train, validation }: Rows, seed: number): Rows {
  return { train: drawn(train, MOST_TRAIN, seed), validation: drawn(validation, MOST_VALIDATION, seed + 1) };
}

/** How many positions of an image each site is looked at, by node; the same numbers for the same sites and images. */
export function positionsOf(sites: readonly healing.Site[], { train, validation }: Rows): Map<string, number> {
  const images = train.length + validation.length;
  const wanted = Math.ceil(WANTED_ROWS / Math.max(1, train.length));
  const bytes = (most: number): number =>
    sites.reduce((sum, { kept, layout }) => sum + 4 * images * kept.length * Math.min(most, layout.positions), 0);
  let most = Math.min(MOST_POSITIONS, Math.max(LEAST_POSITIONS, wanted));
  while (most > 1 && bytes(most) > TARGET_BYTES) most = Math.floor(most / 2);
  return new Map(sites.map(({ node, layout }) => [node, Math.min(most, layout.positions)]));
}

/**
 * The batches of both parts, training images first, without their values: for each cut its own, the same images at the same positions.
 * @param sampled for each cut what is looked at
 * @param size images of each
 */
export function emptyBatches(
  rows: Rows,
  sampled: readonly (readonly healing.Sampled[])[],
  { size, seed }: { readonly size: number; readonly seed: number },
): SampledBatch[][] {
  const places = new Map(sampled.flat().map(({ site, positions }) => [site.node, [site.layout.positions, positions]]));
  const drawnOnes: Pick<SampledBatch, 'part' | 'count' | 'positions'>[] = [];
  for (const part of ['train', 'validation'] as const) {
    for (let from = 0; from < rows[part].length; from += size) {
      const random = seededRandom(seed + 7919 * (drawnOnes.length + 1));
      const positions = [...places].map(([node, [all, count]]): [string, Int32Array] => {
        return [node, draw(all!, count!, () => random.uniform())];
      });
      drawnOnes.push({ part, count: Math.min(size, rows[part].length - from), positions: new Map(positions) });
    }
  }
  return sampled.map(() => drawnOnes.map((batch) => ({ ...batch, targets: new Map(), stored: new Map() })));
}

/** Pixels of the batches, decoded anew, in their order; valid until the next is asked for. */
export async function* pixels(images: Images, rows: Rows, size: number): AsyncGenerator<Dense> {
  const { channels, height, width } = images.spec;
  for (const part of [rows.train, rows.validation]) {
    for await (const { data, indices } of imageBatches(images, part, size)) {
      yield { data, dims: [indices.length, channels, height, width] };
    }
  }
}

/** Positions as what a graph is fed. */
export function asIndices(positions: Int32Array): Dense {
  return { data: BigInt64Array.from(positions, BigInt), dims: [positions.length] };
}

/** How many images go through the original together: answers of all its layers are held until they are sampled. */
export function imagesAtOnce({ spec }: Images, shapes: ReadonlyMap<string, readonly number[]>): number {
  return spec.batch === 'free' ? batchWithin(spec, shapes) : spec.batch;
}

function drawn(rows: Int32Array, most: number, seed: number): Int32Array {
  if (rows.length <= most) return rows;
  const random = seededRandom(seed);
  return draw(rows.length, most, () => random.uniform()).map((at) => rows[at]!);
}

/** `count` of the numbers under `size`, without repetition and ascending (Floyd's sampling). */
function draw(size: number, count: number, uniform: () => number): Int32Array {
  const chosen = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const candidate = Math.floor(uniform() * (last + 1));
    chosen.add(chosen.has(candidate) ? last : candidate);
  }
  return Int32Array.from(chosen).sort();
}
