import type { TaskSpec } from '../task/spec.ts';
import { byClass } from './by-class.ts';
import type { TaskKind } from './kind.ts';
import { noBins, notZeroOrOne, targetCount } from './problems.ts';
import { thresholdPerTarget } from './threshold.ts';

/** Two classes, regressed to 0 and 1, decided by a threshold chosen on validation. */
export const binary: TaskKind = {
  type: 'binary',
  metric: 'accuracy',
  others: ['balancedAccuracy'],
  discrete: true,
  partial: false,
  specProblems(spec) {
    const classes = spec.classes?.length ?? 2;
    const wrong = {
      field: 'classes',
      problem: `${classes} class names for a binary task`,
      fix: '[negative, positive]',
    };
    return [...targetCount(spec, 1, 1), ...noBins(spec), ...(classes === 2 ? [] : [wrong])];
  },
  labelProblem: notZeroOrOne,
  columns: () => 1,
  chooseThresholds: thresholdPerTarget,
  decide(scores, _spec, [threshold = 0.5]) {
    return scores.map((score) => (score >= threshold ? 1 : 0));
  },
  classNames,
  breakDown: (outcome, spec) => byClass(outcome, classNames(spec)),
};

/** Where nobody named them, "not NAME" and "NAME". */
function classNames({ classes, targets: [name = '1'] }: TaskSpec): readonly string[] {
  return classes ?? [`not ${name}`, name];
}
