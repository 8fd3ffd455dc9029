import { quote } from '../quote.ts';
import { IMAGE_COLUMN, type Table } from './table.ts';

/** What tables write where there is no label: pandas, R, databases, and MATLAB's minus infinity. */
export const MISSING_WORDS: readonly string[] = ['NaN', 'nan', 'NA', 'N/A', 'null', 'NULL', '-inf', '-Inf'];

/** The table with those words as empty cells, and a note that counts them. Names of images, and those of folders and classes, are left alone. */
export function withoutMissing(
  table: Table,
  words?: readonly string[],
): { readonly table: Table; readonly notes: readonly string[] } {
  const missing = new Set(words ?? MISSING_WORDS);
  const counts = new Map<string, number>();
  // What the user calls missing is missing everywhere.
  const names = words === undefined ? (table.names ?? []) : [];
  const exempt = table.columns.map((column) => column === IMAGE_COLUMN || names.includes(column));
  const rows = table.rows.map((row) => {
    if (!row.cells.some((cell, i) => exempt[i] !== true && missing.has(cell))) return row;
    const cells = row.cells.map((cell, i) => {
      if (exempt[i] === true || !missing.has(cell)) return cell;
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
      return '';
    });
    return { ...row, cells };
  });
  if (counts.size === 0) return { table, notes: [] };
  const said = [...counts]
    .map(([word, count]) => `${quote(word)} in ${count} ${count === 1 ? 'cell' : 'cells'}`)
    .join(', ');
  return { table: { ...table, rows }, notes: [`read as missing: ${said}`] };
}
