import { partOf } from '../layouts/parts.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import type { Part, Table } from './table.ts';

/** What columns of a split are called. */
const SPLIT_COLUMNS: ReadonlySet<string> = new Set(['split', 'subset', 'usage', 'partition', 'set', 'phase', 'fold']);

/** Numbers that stand for parts in partition files. */
const NUMBERS: ReadonlyMap<string, Part> = new Map([
  ['0', 'train'],
  ['1', 'validation'],
  ['2', 'test'],
]);

export interface SplitRequest {
  /** A column, or `none` for no split but the seed's; found by its usual names when absent. */
  readonly split?: string;
  /** Columns that the schema calls labels or the subject: none of them is taken for a split unasked. */
  readonly labels: ReadonlySet<string>;
}

/**
 * The table with its rows' parts, taken from a column that is then no label: the one asked for, else, where the layout
 * has none of its own, one of the usual names that holds nothing but names of parts.
 */
export function withSplit(table: Table, { split, labels }: SplitRequest, problems: Problems): Table {
  const isSplit = (column: string, i: number): boolean => {
    if (labels.has(column) || !SPLIT_COLUMNS.has(column.toLowerCase())) return false;
    const cells = table.rows.map((row) => row.cells[i] ?? '').filter((cell) => cell !== '');
    return cells.length > 0 && cells.every((cell) => partOf(cell) !== undefined);
  };
  const known = table.columns.filter(isSplit);
  const without = (chosen: Table): Table => withoutColumns(chosen, known);
  if (split === 'none') return without(withoutSplit(table));
  if (split !== undefined) {
    const position = table.columns.indexOf(split);
    if (position !== -1) return without(readSplit(table, position, problems));
    const fix = `the columns are ${table.columns.map(quote).join(', ').slice(0, 300)}; "none" draws a split by seed`;
    const message = `there is no column ${quote(split)} to split by`;
    problems.add({ code: 'DATASET_UNKNOWN_COLUMN', file: table.file, line: 0, message, fix });
    return table;
  }
  const [first] = known;
  if (table.splitFrom !== undefined || first === undefined) return without(table);
  return without(readSplit(table, table.columns.indexOf(first), problems));
}

function readSplit(table: Table, position: number, problems: Problems): Table {
  const column = table.columns[position] ?? '';
  const rows = table.rows.map((row) => {
    const cell = row.cells[position] ?? '';
    const part = partOf(cell) ?? NUMBERS.get(cell);
    if (part === undefined && cell !== '') {
      const message = `column ${quote(column)} holds ${quote(cell)}, which names no part of a split`;
      const fix = 'write train, validation (val, valid) or test, 0, 1 or 2, or leave the cell empty';
      problems.add({ code: 'DATASET_SPLIT_INVALID', file: table.file, line: row.line, message, fix });
    }
    return { ...row, cells: row.cells.filter((_, i) => i !== position), part };
  });
  return {
    ...table,
    columns: table.columns.filter((_, i) => i !== position),
    rows,
    splitFrom: `column ${quote(column)}`,
  };
}

/** A column of a split is no label, whichever of several counts. */
function withoutColumns(table: Table, columns: readonly string[]): Table {
  const kept = table.columns.flatMap((column, i) => (columns.includes(column) ? [] : [i]));
  if (kept.length === table.columns.length) return table;
  const pick = (cells: readonly string[]): string[] => kept.map((i) => cells[i] ?? '');
  return {
    ...table,
    columns: pick(table.columns),
    rows: table.rows.map((row) => ({ ...row, cells: pick(row.cells) })),
  };
}

function withoutSplit({ splitFrom: _, ...table }: Table): Table {
  return { ...table, rows: table.rows.map((row) => ({ ...row, part: undefined })) };
}
