import { byValue } from './by-value.ts';
import type { TaskKind } from './kind.ts';
import { noBins, targetCount } from './problems.ts';

/** A number, read as it is. */
export const continuous: TaskKind = {
  type: 'continuous',
  metric: 'rmse',
  others: ['mae', 'r2'],
  discrete: false,
  partial: false,
  specProblems: (spec) => [...targetCount(spec, 1, 1), ...noBins(spec)],
  labelProblem: () => undefined,
  columns: () => 1,
  chooseThresholds: () => [],
  decide: (scores) => scores,
  classNames: () => undefined,
  breakDown: byValue,
};
