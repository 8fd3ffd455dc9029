import type { Outcome } from '../metrics/metric.ts';
import type { Breakdown, BrokenDownClass, ClassFigures } from './breakdown.ts';

/** Classes beyond which a table of truth against answer tells nobody anything. */
export const MOST_CONFUSED = 100;

/** One column of class ids: every class, and which was taken for which. */
export function byClass({ rows, truth, decision }: Outcome, names: readonly string[]): Breakdown {
  const tables = names.map(() => names.map(() => 0));
  for (let row = 0; row < rows; row++) tables[truth[row] as number]![decision[row] as number]!++;
  const classes = names.map((name, id): BrokenDownClass => {
    const hits = tables[id]![id]!;
    const own = sum(tables[id]!);
    const answered = sum(tables.map((answers) => answers[id]!));
    return { name, rows: own, ...figures(hits, own, answered) };
  });
  return { classes, confusion: names.length > MOST_CONFUSED ? null : tables, residuals: [] };
}

/** One column for each label, which holds (1) or not (0); rows whose truth is NaN do not say. */
export function byLabel({ truth, decision, columns }: Outcome, names: readonly string[]): Breakdown {
  const classes = names.map((name, column): BrokenDownClass => {
    let [hits, own, answered] = [0, 0, 0];
    for (let i = column; i < truth.length; i += columns) {
      if (Number.isNaN(truth[i])) continue;
      own += truth[i]!;
      answered += decision[i]!;
      hits += truth[i]! * decision[i]!;
    }
    return { name, rows: own, ...figures(hits, own, answered) };
  });
  return { classes, confusion: null, residuals: [] };
}

/** Of rows that are so, rows answered so, and rows that are both. */
function figures(hits: number, own: number, answered: number): ClassFigures {
  return {
    precision: answered === 0 ? null : hits / answered,
    recall: own === 0 ? null : hits / own,
    f1: own + answered === 0 ? null : (2 * hits) / (own + answered),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
