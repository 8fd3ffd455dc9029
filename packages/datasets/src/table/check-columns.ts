import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';

/** Reports columns without a name, names used twice, and too many columns. */
export function checkColumns(columns: readonly string[], file: string, problems: Problems): void {
  const report = (message: string, fix: string): void =>
    problems.add({ code: 'DATASET_COLUMN_NAME', file, line: 1, message, fix });
  if (columns.length > LIMITS.columns) {
    problems.add({
      code: 'DATASET_MANIFEST_TOO_LARGE',
      file,
      line: 1,
      message: `the manifest has ${columns.length} columns`,
      fix: `keep at most ${LIMITS.columns} columns`,
    });
    return;
  }
  columns.forEach((column, index) => {
    if (column === '') report(`column ${index + 1} has no name`, 'name every column in the header');
    else if (column.length > LIMITS.nameCharacters) {
      report(`column ${quote(column)} has a name of ${column.length} characters`, `at most ${LIMITS.nameCharacters}`);
    } else if (columns.indexOf(column) !== index) {
      report(`two columns are named ${quote(column)}`, 'give every column its own name');
    }
  });
}
