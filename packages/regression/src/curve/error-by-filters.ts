import type { CharacteristicCurve } from './characteristic-curve.ts';
import { stretchesOf } from './knee.ts';

/**
 * The lowest RMSE that the path reaches with at most k filters, for k = 0 … filters: what a knee that keeps k of them is promised.
 * Never rises with k. Exact on the whole path for one target, on the sampled λ for several.
 */
export function errorByFilters(curve: CharacteristicCurve, on: 'validation' | 'train' = 'validation'): Float64Array {
  const errors = new Float64Array(curve.filters + 1).fill(Number.POSITIVE_INFINITY);
  for (const { filters, min } of stretchesOf(curve, on)) errors[filters] = Math.min(errors[filters]!, min);
  for (let k = 1; k < errors.length; k++) errors[k] = Math.min(errors[k]!, errors[k - 1]!);
  return errors;
}
