/** The centre of the {0, 1} targets that least squares regresses to (paper §2). */
export const CENTRE = 0.5;

/**
 * The threshold at or above which a score says 1: `neutral`, unless these rows say otherwise. Of all thresholds that one is
 * taken which lies nearest to `neutral` and gives as many right answers as the best one within one standard error of their difference: the
 * rows between two thresholds are answered otherwise by the second, each for better or worse, so that of d of them √d are expected by
 * chance (McNemar 1947; the one-standard-error rule is Breiman et al. 1984, §3.4.3). On a hundred rows the threshold with the most right answers
 * of all is mostly luck, and is wrong on other images. Finite for any finite scores. Rows whose label is NaN are passed over.
 * @param scores rows × stride; column `offset` is read
 * @param neutral what a calibrated score is compared with: 0.5 where {0, 1} are regressed to, 0 for logits
 */
export function chooseThreshold(
  scores: Float64Array,
  labels: Float64Array,
  neutral = CENTRE,
  offset = 0,
  stride = 1,
): number {
  const at = (row: number) => scores[row * stride + offset] as number;
  const order = Int32Array.from({ length: Math.floor(scores.length / stride) }, (_, i) => i)
    .filter((row) => !Number.isNaN(labels[row * stride + offset]))
    .sort((a, b) => at(a) - at(b));
  const rows = order.length;
  if (rows === 0) return neutral;
  // Threshold k says 0 of the k lowest scores; equal scores cannot be told apart.
  const right = new Int32Array(rows + 1);
  for (const row of order) if (labels[row * stride + offset] === 1) right[0]!++;
  order.forEach((row, k) => (right[k + 1] = right[k]! + (labels[row * stride + offset] === 1 ? -1 : 1)));
  const possible = Array.from(right.keys()).filter((k) => k === 0 || k === rows || at(order[k - 1]!) < at(order[k]!));
  const neutralAt = order.filter((row) => at(row) < neutral).length;
  const nearer = (a: number, b: number) => Math.abs(a - neutralAt) < Math.abs(b - neutralAt);
  const best = possible.reduce((a, b) => (right[b]! > right[a]! || (right[b] === right[a] && nearer(b, a)) ? b : a));
  const chosen = possible
    .filter((k) => right[best]! - right[k]! < Math.sqrt(Math.abs(k - best)))
    .filter((k) => (k - neutralAt) * (best - neutralAt) >= 0)
    .reduce((a, b) => (nearer(b, a) ? b : a), best);
  if (chosen === neutralAt) return neutral;
  const [lowest, highest] = [at(order[0]!), at(order[rows - 1]!)];
  if (chosen === 0) return lowest;
  if (chosen === rows) return 2 * highest - lowest + 1;
  return between(at(order[chosen - 1]!), at(order[chosen]!));
}

/** A value in (low, high]. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle > low ? middle : high;
}

/** One threshold per target. */
export function thresholdPerTarget(
  scores: Float64Array,
  labels: Float64Array,
  targets: number,
  neutral = CENTRE,
): readonly number[] {
  return Array.from({ length: targets }, (_, target) => chooseThreshold(scores, labels, neutral, target, targets));
}
