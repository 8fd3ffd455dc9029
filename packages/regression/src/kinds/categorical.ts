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
    let ones = 0;
    for (let k = 0; k < labels.length; k++) if (labels[k] === 1) ones++;
    return notZeroOrOne(labels) ?? (ones === 1 ? undefined : `${ones} classes are marked, not one`);
  },
  columns: () => 1,
  chooseThresholds: () => [],
  decide(scores, spec) {
    const classes = spec.targets.length;
    const decided = new Float64Array(scores.length / classes);
    for (let row = 0; row < decided.length; row++) {
      const from = row * classes;
      let best = from;
      for (let at = from + 1; at < from + classes; at++) {
        if ((scores[at] as number) > (scores[best] as number)) best = at;
      }
      decided[row] = best - from;
    }
    return decided;
  },
  classNames: ({ classes, targets }) => classes ?? targets,
  breakDown: (outcome, { classes, targets }) => byClass(outcome, classes ?? targets),
};
