import type { Metric } from './metric.ts';

/** Mean over the classes that occur of the share of their rows answered right; with several columns, the mean of those in which a label is known. */
export const balancedAccuracy: Metric = {
  name: 'balancedAccuracy',
  higherIsBetter: true,
  measure({ truth, decision, rows, columns }) {
    let [total, counted] = [0, 0];
    for (let column = 0; column < columns; column++) {
      const classes = new Map<number, { rows: number; right: number }>();
      for (let i = column; i < rows * columns; i += columns) {
        const id = truth[i] as number;
        if (Number.isNaN(id)) continue;
        const entry = classes.get(id) ?? { rows: 0, right: 0 };
        entry.rows++;
        if (decision[i] === id) entry.right++;
        classes.set(id, entry);
      }
      if (classes.size === 0) continue;
      counted++;
      let recalls = 0;
      for (const entry of classes.values()) recalls += entry.right / entry.rows;
      total += recalls / classes.size;
    }
    return total / counted;
  },
};
