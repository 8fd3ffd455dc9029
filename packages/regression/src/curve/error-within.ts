import type { CharacteristicCurve } from './characteristic-curve.ts';
import { stretchesOf } from './knee.ts';

/**
 * The lowest RMSE that the path reaches anywhere with no filter but these: what a cut that keeps them is promised, whoever chose them.
 * Without any of the path's it is the error of the constant answer. Exact on the whole path for one target, on the sampled λ for several.
 */
export function errorWithin(
  curve: CharacteristicCurve,
  kept: ReadonlySet<number>,
  on: 'validation' | 'train' = 'validation',
): number {
  const reached = stretchesOf(curve, on).filter(
    ({ filters, kept: held }) => filters <= kept.size && held().every((filter) => kept.has(filter)),
  );
  return Math.min(...reached.map(({ min }) => min));
}
