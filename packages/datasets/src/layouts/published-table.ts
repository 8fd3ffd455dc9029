import type { FailureCode } from '@kneepoint/failures';
import { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { imageColumnOf, readTable, withImages } from '../table/read-table.ts';
import { IMAGE_COLUMN, type Part, type Row, type Table } from '../table/table.ts';
import type { ReadRequest } from './layout.ts';
import type { Listing } from './listing.ts';
import { resolveImages } from './resolve-image.ts';
import type { Skipped } from './skipped.ts';

/** Problems of single rows, which others' tables may have: the row is left out. */
const OF_A_ROW: ReadonlyMap<FailureCode, string> = new Map([
  ['DATASET_COLUMN_COUNT', 'a row with more or fewer cells than the header'],
  ['DATASET_NOT_JSON', 'a line that is no JSON object of plain values'],
  ['DATASET_MANIFEST_TOO_LARGE', 'a row with a cell that is too long'],
]);

/** Reads somebody's table: what is wrong with a row leaves it out, what is wrong with the whole table is reported. */
export async function readPublished(listing: Listing, file: string, request: ReadRequest): Promise<Table> {
  const problems = new Problems();
  const onNested = (column: string): void => {
    request.skipped.ignored(`a value that is no label in column ${quote(column)}`, file);
  };
  const table = await readTable(listing, file, { ...request, problems, onNested });
  pass(problems, request);
  return table;
}

/** Sorts problems into those of rows, which are skipped, and those of the file. */
export function pass(problems: Problems, { problems: all, skipped }: Pick<ReadRequest, 'problems' | 'skipped'>): void {
  for (const problem of problems.list) {
    const kind = problem.line > 1 || problem.code === 'DATASET_NOT_JSON' ? OF_A_ROW.get(problem.code) : undefined;
    if (kind === undefined) all.add(problem);
    else skipped.malformed(kind, `${problem.file}:${problem.line}: ${problem.message}`);
  }
}

/** The table with its image column in place; rows without an image in the folder are left out, and rows that name one again. */
export function placed(table: Table, listing: Listing, request: ReadRequest, prefer?: Part): Table {
  const named = withImages(table, listing, request, prefer);
  const position = named.columns.indexOf(IMAGE_COLUMN);
  return { ...named, rows: onlyPlaced(named.rows, position, listing, request.skipped) };
}

export function onlyPlaced(rows: readonly Row[], position: number, listing: Listing, skipped: Skipped): Row[] {
  const seen = new Set<string>();
  return rows.filter(({ cells }) => {
    const path = cells[position] ?? '';
    if (path === '') skipped.malformed('an entry that names no image', cells.join(', '));
    else if (!listing.has(path)) skipped.malformed('an entry whose image is not there', path);
    else if (seen.has(path)) skipped.malformed('another entry for the same image', path);
    else {
      seen.add(path);
      return true;
    }
    return false;
  });
}

/** The table without rows for images that came before, as in another of several tables. */
export function once(table: Table, skipped: Skipped): Table {
  const position = table.columns.indexOf(IMAGE_COLUMN);
  const seen = new Set<string>();
  const rows = table.rows.filter(({ cells }) => {
    const path = cells[position] ?? '';
    if (seen.has(path)) skipped.malformed('another entry for the same image', path);
    return !seen.has(path) && seen.add(path);
  });
  return { ...table, rows };
}

/** Whether the first rows of a text table name images that lie in the folder. */
export function namesImages(table: Table, listing: Listing, imageColumn?: string, prefer?: Part): boolean {
  const chosen = imageColumnOf(table.columns, imageColumn);
  if (chosen === undefined) return false;
  const position = table.columns.indexOf(chosen);
  const names = table.rows.slice(0, 20).map(({ cells }) => cells[position] ?? '');
  const found = resolveImages(listing, names, table.file, prefer).filter((image) => image.found).length;
  return found > 0 && found >= names.length / 2;
}

/** One table of several with the union of their columns; cells that a table lacks are missing. */
export function stacked(tables: readonly Table[], file: string): Table {
  const columns = [...new Set(tables.flatMap((table) => table.columns))];
  const rows = tables.flatMap((table) => {
    const places = columns.map((column) => table.columns.indexOf(column));
    return table.rows.map((row) => ({ ...row, cells: places.map((at) => (at === -1 ? '' : (row.cells[at] ?? ''))) }));
  });
  return { file: tables.length === 1 ? (tables[0]?.file ?? file) : file, columns, rows };
}
