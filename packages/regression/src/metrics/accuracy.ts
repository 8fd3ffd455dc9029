import type { Metric } from './metric.ts';

/**
 * Share of right answers over all rows and columns. One formula serves all types of paper §2: one column of classes or bins,
 * or one column per label, where labels that are not known (NaN) are passed over.
 */
export const accuracy: Metric = {
  name: 'accuracy',
  higherIsBetter: true,
  measure({ truth, decision }) {
    let [right, known] = [0, 0];
    for (let i = 0; i < truth.length; i++) {
      if (Number.isNaN(truth[i])) continue;
      known++;
      if (truth[i] === decision[i]) right++;
    }
    return right / known;
  },
};
