import type { Outcome } from '../metrics/metric.ts';
import type { Breakdown, BrokenDownBin } from './breakdown.ts';

const BINS = 10;

/** One column of values: errors by truth, in up to ten bins of as many rows as there can be; equal truths stay together. */
export function byValue({ rows, labels, scores }: Outcome): Breakdown {
  const order = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => labels[a]! - labels[b]! || a - b);
  const residuals: BrokenDownBin[] = [];
  for (let from = 0; from < rows;) {
    let to = Math.max(from + 1, Math.round((rows * (residuals.length + 1)) / BINS));
    while (to < rows && labels[order[to]!] === labels[order[to - 1]!]) to++;
    residuals.push(binOf(order.subarray(from, to), labels, scores));
    from = to;
  }
  return { classes: [], confusion: null, residuals };
}

function binOf(order: Int32Array, labels: Float64Array, scores: Float64Array): BrokenDownBin {
  const errors = Float64Array.from(order, (row) => scores[row]! - labels[row]!);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const variance = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length;
  return {
    from: labels[order[0]!]!,
    to: labels[order.at(-1)!]!,
    rows: order.length,
    mean,
    spread: Math.sqrt(variance),
  };
}
