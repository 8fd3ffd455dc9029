import { quote } from '../quote.ts';
import { checkClasses } from './check-classes.ts';
import { cellsOf, distinctCells } from './distinct-cells.ts';
import { specOf } from './spec-of.ts';
import type { TaskKind } from './task-kind.ts';

/** One of several classes without order per image, as one target per class (1 for the image's class, 0 elsewhere). */
export const categorical: TaskKind = {
  encode(draft, source) {
    const name = quote(draft.name);
    const whole = wholeNumbers(cellsOf(source.rows, (row) => source.cell(row, 0)));
    const value = (row: number): string => (whole ? plain(source.cell(row, 0)) : source.cell(row, 0));
    const found = distinctCells(cellsOf(source.rows, value));
    const classes = [...(draft.classes?.map(whole ? plain : (label) => label) ?? found)];
    if (!checkClasses(draft, classes, source)) return undefined;
    const position = new Map(classes.map((label, index) => [label, index]));
    const labels = new Float64Array(source.rows * classes.length).fill(NaN);
    for (let row = 0; row < source.rows; row += 1) {
      const cell = value(row);
      if (cell === '') continue;
      const index = position.get(cell);
      if (index === undefined) {
        const message = `task ${name}: ${quote(cell)} is none of its ${classes.length} classes (${shown(classes)})`;
        source.report('DATASET_UNKNOWN_CLASS', row, message, 'correct the label, or add the class in schema.json');
      } else {
        labels.fill(0, row * classes.length, (row + 1) * classes.length);
        labels[row * classes.length + index] = 1;
      }
    }
    if (found.filter((label) => position.has(label)).length < 2) {
      const message = `task ${name}: fewer than two of its classes have images`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images of other classes, or remove the task');
    }
    const present = new Set(found);
    const absent = classes.filter((label) => !present.has(label));
    const notes = absent.length === 0 ? [] : [`task ${name}: no image of class ${shown(absent)}`];
    const spec = specOf(draft, { classes, targets: [...classes] });
    return { spec, draft: { ...draft, classes }, labels, notes };
  },
};

/** Whether all labels are whole numbers, which pandas writes as 1.0 once one of them is missing. */
function wholeNumbers(cells: Iterable<string>): boolean {
  for (const cell of cells) if (!/^([+-]?\d+(\.0*)?)?$/.test(cell)) return false;
  return true;
}

/** "1.0" as "1". Leading zeros stay: they belong to names. */
const plain = (label: string): string => label.replace(/\.0*$/, '');

function shown(classes: readonly string[]): string {
  const first = classes.slice(0, 8).map(quote).join(', ');
  return classes.length > 8 ? `${first}, ...` : first;
}
