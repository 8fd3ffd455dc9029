import { Random } from '@kneepoint/regression';

/** Keeps the streams of one seed apart. */
const ORDER = 1;
const NOISE = 2;

/** The training rows in the order of one epoch: follows from seed and epoch alone. */
export function epochOrder(rows: Int32Array, seed: number, epoch: number): Int32Array {
  return Random.seeded(ORDER, seed, epoch).shuffle(Int32Array.from(rows));
}

/** Uniform numbers in [0, 1) for the `index`-th noise input of a step. */
export function stepNoise(length: number, seed: number, step: number, index: number): Float32Array {
  const random = Random.seeded(NOISE, seed, step, index);
  // 24 bits: float32 would round the last of 32 up to 1.
  return Float32Array.from({ length }, () => (random.uint32() >>> 8) / 2 ** 24);
}
