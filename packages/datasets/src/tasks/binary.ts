import { quote } from '../quote.ts';
import { cellsOf, distinctCells } from './distinct-cells.ts';
import { parseNumber } from './parse-number.ts';
import { specOf } from './spec-of.ts';
import type { TaskKind } from './task-kind.ts';

/** One of two values per image: 0 for the first class, 1 for the second. Numbers are compared as numbers. */
export const binary: TaskKind = {
  encode(draft, source) {
    const name = quote(draft.name);
    const value = (row: number): string => normal(source.cell(row, 0));
    const found = distinctCells(cellsOf(source.rows, value));
    const classes = draft.classes?.map(normal) ?? found;
    const [negative, positive] = classes;
    if (classes.length < 2 && draft.classes === undefined) {
      const message = `task ${name}: all labels are ${quote(found[0] ?? '')}, or missing`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images of the other class, or remove the task');
      return undefined;
    }
    if (negative === undefined || positive === undefined || classes.length > 2) {
      const message = `task ${name}: a binary task has two classes, not ${classes.length}`;
      source.report('DATASET_CLASS_COUNT', undefined, message, 'name two classes, or make the task categorical');
      return undefined;
    }
    const labels = new Float64Array(source.rows).fill(NaN);
    let known = 0;
    let positives = 0;
    for (let row = 0; row < source.rows; row += 1) {
      const cell = value(row);
      if (cell === '') continue;
      if (cell === negative || cell === positive) {
        labels[row] = cell === positive ? 1 : 0;
        known += 1;
        positives += labels[row] ?? 0;
      } else {
        const message = `task ${name}: ${quote(cell)} is neither ${quote(negative)} nor ${quote(positive)}`;
        source.report('DATASET_UNKNOWN_CLASS', row, message, 'correct the label, or the classes in schema.json');
      }
    }
    if (positives === 0 || positives === known) {
      const message = `task ${name}: no image is labelled ${quote(positives === 0 ? positive : negative)}`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images of the other class, or remove the task');
    }
    const spec = specOf(draft, { classes: [negative, positive], targets: [positive] });
    return { spec, draft: { ...draft, classes: [negative, positive] }, labels, notes: [] };
  },
};

/** "1", "1.0" and "+1" are one value. */
function normal(cell: string): string {
  const number = parseNumber(cell);
  return number === undefined ? cell : String(number);
}
