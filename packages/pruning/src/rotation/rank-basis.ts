import { orthonormalRows } from '../algebra/orthonormal.ts';
import { congruent, product } from '../algebra/products.ts';
import { symmetricEigen } from '../algebra/symmetric-eigen.ts';
import type { PartStatistics } from '../damage/statistics.ts';

/** Directions with less than this share of the greatest variance have none: it is rounding of float32 responses. */
const FLAT = 1e-9;

/**
 * The orthonormal basis in which the first k coordinates of the responses x are the best k numbers to know of them, for every k: reduced-rank
 * regression. With R the covariance of x and F the metric of what depends on it, M = R^½ F R^½ = V Λ Vᵀ, the k linear functions from which x is rebuilt with
 * least damage tr(F (x − x̂)(x − x̂)ᵀ) are z = V_kᵀ R^−½ x, with x̂ = R^½ V_k z, and what is lost is Σ_{i>k} λᵢ (Eckart and Young). Only what these
 * functions span counts, and an orthonormal basis of that keeps weights well scaled. Where several places see different x their mean covariance and
 * the sum of their metrics stand for all. Directions without variance come last.
 * @returns size × size, a direction a row
 */
export function rankBasis(parts: readonly Pick<PartStatistics, 'covariance' | 'metric'>[], size: number): Float64Array {
  const covariance = new Float64Array(size * size);
  const metric = new Float64Array(size * size);
  for (const part of parts) {
    for (let at = 0; at < covariance.length; at++) {
      covariance[at]! += part.covariance[at]! / parts.length;
      metric[at]! += part.metric[at]!;
    }
  }
  const { values, vectors } = symmetricEigen(covariance);
  const rank = values.findIndex((value) => value <= FLAT * values[0]!);
  const varying = rank < 0 ? size : rank;
  // Of Q D Qᵀ = R any square root does; Q D^½ is at hand.
  const scaled = (power: number): Float64Array =>
    Float64Array.from({ length: varying * size }, (_, at) => vectors[at]! * values[Math.floor(at / size)]! ** power);
  const turned = symmetricEigen(congruent(scaled(1 / 2), metric, size)).vectors;
  const functions = new Float64Array(size * size);
  functions.set(product(turned, scaled(-1 / 2), varying));
  functions.set(vectors.subarray(varying * size), varying * size);
  return orthonormalRows(functions, size, size);
}
