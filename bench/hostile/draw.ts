import { type Random, seededRandom } from '@kneepoint/onnx';

/** Choices that follow from a seed alone. */
export interface Draw {
  /** A whole number from 0 to `below` − 1. */
  below(below: number): number;
  one<T>(items: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

/** Neighbouring seeds give unlike sequences: the generator is mixed by multiplying with a large odd number. */
export function drawOf(seed: number): Draw {
  const random: Random = seededRandom(Math.imul(seed + 1, 0x9e3779b1));
  const below = (most: number): number => Math.floor(random.uniform() * most);
  return {
    below,
    one: (items) => items[below(items.length)]!,
    chance: (probability) => random.uniform() < probability,
  };
}
