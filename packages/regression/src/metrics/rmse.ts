import type { Metric } from './metric.ts';

/** Square root of the mean over rows and targets of the squared error, in the unit of the targets. */
export const rmse: Metric = {
  name: 'rmse',
  higherIsBetter: false,
  measure({ labels, scores }) {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) sum += ((labels[i] as number) - (scores[i] as number)) ** 2;
    return Math.sqrt(sum / labels.length);
  },
};
