import type { TaskKind } from './kind.ts';
import { classPerTarget, noBins, notZeroOrOne } from './problems.ts';
import { thresholdPerTarget } from './threshold.ts';

/** Labels that hold or not, independently: one regression to {0, 1} and one threshold each; accuracy is their mean. */
export const multilabel: TaskKind = {
  type: 'multilabel',
  metric: 'accuracy',
  others: ['balancedAccuracy'],
  discrete: true,
  specProblems: (spec) => [...classPerTarget(spec), ...noBins(spec)],
  labelProblem: notZeroOrOne,
  columns: (spec) => spec.targets.length,
  chooseThresholds: thresholdPerTarget,
  decide(scores, spec, thresholds) {
    const labels = spec.targets.length;
    return scores.map((score, i) => (score >= (thresholds[i % labels] ?? 0.5) ? 1 : 0));
  },
};
