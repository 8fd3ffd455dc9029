import { byLabel } from './by-class.ts';
import type { TaskKind } from './kind.ts';
import { classPerTarget, noBins, notZeroOrOne } from './problems.ts';
import { thresholdPerTarget } from './threshold.ts';

/**
 * Labels that hold or not, independently: one regression to {0, 1} and one threshold each, on the rows that carry the label. Accuracy is the
 * share of right answers over all labels that are known.
 */
export const multilabel: TaskKind = {
  type: 'multilabel',
  metric: 'accuracy',
  others: ['balancedAccuracy'],
  discrete: true,
  partial: true,
  specProblems: (spec) => [...classPerTarget(spec), ...noBins(spec)],
  labelProblem: notZeroOrOne,
  columns: (spec) => spec.targets.length,
  chooseThresholds: thresholdPerTarget,
  decide(scores, spec, thresholds) {
    const labels = spec.targets.length;
    // A label that is not known stays so: labels are decided like scores.
    return scores.map((score, i) => (Number.isNaN(score) ? NaN : score >= (thresholds[i % labels] ?? 0.5) ? 1 : 0));
  },
  classNames: ({ classes, targets }) => classes ?? targets,
  breakDown: (outcome, { classes, targets }) => byLabel(outcome, classes ?? targets),
};
