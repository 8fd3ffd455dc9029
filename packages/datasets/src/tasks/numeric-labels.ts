import { quote } from '../quote.ts';
import { parseNumber } from './parse-number.ts';
import type { LabelSource, TaskDraft } from './task-kind.ts';

/** One number per row and column (rows × columns); NaN where the cell is empty; other cells are reported. */
export function numericLabels(draft: TaskDraft, source: LabelSource): Float64Array {
  const width = draft.columns.length;
  const labels = new Float64Array(source.rows * width).fill(NaN);
  for (let row = 0; row < source.rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const cell = source.cell(row, column);
      if (cell === '') continue;
      const value = parseNumber(cell);
      if (value === undefined) {
        const message = `task ${quote(draft.name)}: column ${quote(draft.columns[column] ?? '')} holds ${quote(cell)}, which is no number within ±1e15`;
        source.report(
          'DATASET_LABEL_NOT_A_NUMBER',
          row,
          message,
          'write a number, leave the cell empty, or name another type in schema.json',
        );
      } else {
        labels[row * width + column] = value;
      }
    }
  }
  return labels;
}
