import type { Metric } from './metric.ts';

/** Coefficient of determination, the mean of the targets'. A target that does not vary in these rows counts 0. */
export const r2: Metric = {
  name: 'r2',
  higherIsBetter: true,
  measure({ labels, scores, rows, targets }) {
    let total = 0;
    for (let target = 0; target < targets; target++) {
      let mean = 0;
      for (let i = target; i < labels.length; i += targets) mean += (labels[i] as number) / rows;
      let residual = 0;
      let spread = 0;
      for (let i = target; i < labels.length; i += targets) {
        residual += ((labels[i] as number) - (scores[i] as number)) ** 2;
        spread += ((labels[i] as number) - mean) ** 2;
      }
      // A mean rounded in its last bits leaves a spread that is not exactly 0.
      if (spread > 1e-24 * rows * mean * mean) total += 1 - residual / spread;
    }
    return total / targets;
  },
};
