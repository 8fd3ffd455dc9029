import type { Metric } from './metric.ts';

/**
 * Share of right answers over all rows and columns. One formula serves all types of paper §2: one column of classes or bins,
 * or one column per label, where it is the mean of the labels' accuracies.
 */
export const accuracy: Metric = {
  name: 'accuracy',
  higherIsBetter: true,
  measure({ truth, decision }) {
    let right = 0;
    for (let i = 0; i < truth.length; i++) if (truth[i] === decision[i]) right++;
    return right / truth.length;
  },
};
