import { byClass } from './by-class.ts';
import type { TaskKind } from './kind.ts';
import { classPerTarget, noBins, notZeroOrOne } from './problems.ts';

/** Unordered classes, regressed one-hot; the largest score decides, the first of equals. */
export const categorical: TaskKind = {
  type: 'categorical',
  metric: 'accuracy',
  others: ['balancedAccuracy'],
  discrete: true,
  partial: false,
  specProblems(spec) {
    const classes = spec.classes?.length ?? 0;
    const single = { field: 'classes', problem: 'one class leaves nothing to decide', fix: 'at least 2 class names' };
    return [...classPerTarget(spec), ...noBins(spec), ...(classes === 1 ? [single] : [])];
  },
  labelProblem(labels) {
    const ones = labels.reduce((count, value) => count + (value === 1 ? 1 : 0), 0);
    return notZeroOrOne(labels) ?? (ones === 1 ? undefined : `${ones} classes are marked, not one`);
  },
  columns: () => 1,
  chooseThresholds: () => [],
  decide(scores, spec) {
    const classes = spec.targets.length;
    return Float64Array.from({ length: scores.length / classes }, (_, row) => {
      let best = 0;
      for (let k = 1; k < classes; k++) {
        if ((scores[row * classes + k] as number) > (scores[row * classes + best] as number)) best = k;
      }
      return best;
    });
  },
  classNames: ({ classes, targets }) => classes ?? targets,
  breakDown: (outcome, { classes, targets }) => byClass(outcome, classes ?? targets),
};
