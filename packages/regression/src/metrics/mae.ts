import type { Metric } from './metric.ts';

/** Mean absolute error over rows and targets, in the unit of the targets. */
export const mae: Metric = {
  name: 'mae',
  higherIsBetter: false,
  measure({ labels, scores }) {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) sum += Math.abs((labels[i] as number) - (scores[i] as number));
    return sum / labels.length;
  },
};
