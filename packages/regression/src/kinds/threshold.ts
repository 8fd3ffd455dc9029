/**
 * The threshold with the most right answers when a score at or above it says 1. Between equally good ones the one nearest to
 * 0.5 wins, the centre of the {0, 1} targets (paper §2). Finite for any finite scores; 0.5 without rows. Rows whose label is NaN are passed over.
 * @param scores rows × stride; column `offset` is read
 */
export function chooseThreshold(scores: Float64Array, labels: Float64Array, offset = 0, stride = 1): number {
  const at = (row: number) => scores[row * stride + offset] as number;
  const order = Int32Array.from({ length: Math.floor(scores.length / stride) }, (_, i) => i)
    .filter((row) => !Number.isNaN(labels[row * stride + offset]))
    .sort((a, b) => at(a) - at(b));
  const rows = order.length;
  if (rows === 0) return 0.5;
  const lowest = at(order[0] as number);
  const highest = at(order[rows - 1] as number);
  let right = 0;
  for (const row of order) if (labels[row * stride + offset] === 1) right++;

  let best = Math.min(0.5, lowest);
  let bestRight = right;
  const offer = (threshold: number) => {
    const nearer = Math.abs(threshold - 0.5) < Math.abs(best - 0.5);
    if (right > bestRight || (right === bestRight && nearer)) [best, bestRight] = [threshold, right];
  };
  for (let k = 0; k < rows; k++) {
    const row = order[k] as number;
    right += labels[row * stride + offset] === 1 ? -1 : 1;
    const here = at(row);
    const next = k + 1 < rows ? at(order[k + 1] as number) : Math.max(1, 2 * highest - lowest + 1);
    if (next > here) offer(between(here, next));
  }
  return best;
}

/** A value in (low, high], 0.5 where it fits. */
function between(low: number, high: number): number {
  if (low < 0.5 && high >= 0.5) return 0.5;
  const middle = low + (high - low) / 2;
  return middle > low ? middle : high;
}

/** One threshold per target. */
export function thresholdPerTarget(scores: Float64Array, labels: Float64Array, targets: number): readonly number[] {
  return Array.from({ length: targets }, (_, target) => chooseThreshold(scores, labels, target, targets));
}
