import { extname } from 'node:path';
import type { Listing } from '../layouts/listing.ts';
import { resolveImages } from '../layouts/resolve-image.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { decodeUtf8 } from './decode-utf8.ts';
import { parseCsv } from './parse-csv.ts';
import { parseJsonLines } from './parse-json-lines.ts';
import { IMAGE_COLUMN, type Part, type Table } from './table.ts';

export interface TableRequest {
  readonly imageColumn?: string;
  readonly delimiter?: string;
  readonly problems: Problems;
  /** Hears of columns with values that are no labels; without it their rows are reported. */
  readonly onNested?: (column: string) => void;
}

/** What columns of image names are called, in the order in which they are believed. */
const IMAGE_COLUMNS: readonly string[] = (
  'image image_path imagepath img_path image_file image_name imagename file_name filename file filepath file_path path img ' +
  'image_id imageid img_id id_code picture photo name id'
).split(' ');

/** Columns that number rows; no task. */
const ROW_NUMBERS: ReadonlySet<string> = new Set(['unnamed: 0', 'index', 'id', 'image_id', 'imageid']);

/** Whether a column of this name numbers rows and is no label. */
export const numbersRows = (column: string): boolean => ROW_NUMBERS.has(column.toLowerCase());

/** A table of text, by the ending of its file: `.jsonl` (also `.ndjson`), else CSV with comma, semicolon or tab. */
export async function readTable(listing: Listing, file: string, request: TableRequest): Promise<Table> {
  const text = decodeUtf8(await listing.read(file), file, request.problems);
  if (text === undefined) return { file, columns: [], rows: [] };
  const json = ['.jsonl', '.ndjson'].includes(extname(file).toLowerCase());
  return json
    ? parseJsonLines(text, file, request.problems, request.onNested)
    : parseCsv(text, file, request.problems, request.delimiter);
}

/** The column that names images: the one asked for, else the first of the usual names in any case. */
export function imageColumnOf(columns: readonly string[], asked?: string): string | undefined {
  if (asked !== undefined) return columns.includes(asked) ? asked : undefined;
  if (columns.includes(IMAGE_COLUMN)) return IMAGE_COLUMN;
  const lower = columns.map((column) => column.toLowerCase().replace(/[ -]/g, '_'));
  for (const name of IMAGE_COLUMNS) {
    const position = lower.indexOf(name);
    if (position !== -1) return columns[position];
  }
  return undefined;
}

/** The table with its image column called `image`, its paths as they lie in the folder. Reports a missing column. */
export function withImages(table: Table, listing: Listing, request: TableRequest, prefer?: Part): Table {
  const { columns, file } = table;
  const chosen = imageColumnOf(columns, request.imageColumn);
  if (chosen === undefined) {
    if (columns.length === 0) return table;
    const found = columns.map(quote).join(', ').slice(0, 300);
    const message = `there is no column named ${quote(request.imageColumn ?? IMAGE_COLUMN)} (found: ${found})`;
    const fix = `call the column of file names "${IMAGE_COLUMN}", or name it by --image-column`;
    request.problems.add({ code: 'DATASET_COLUMN_NAME', file, line: 1, message, fix });
    return { ...table, columns: [], rows: [] };
  }
  const position = columns.indexOf(chosen);
  const dropped = (name: string, i: number): boolean => i !== position && name === IMAGE_COLUMN;
  const kept = columns.flatMap((name, i) => (dropped(name, i) ? [] : [i]));
  const paths = resolveImages(
    listing,
    table.rows.map(({ cells }) => cells[position] ?? ''),
    file,
    prefer,
  );
  return {
    ...table,
    columns: kept.map((i) => (i === position ? IMAGE_COLUMN : (columns[i] ?? ''))),
    rows: table.rows.map((row, r) => ({
      ...row,
      cells: kept.map((i) => (i === position ? (paths[r]?.path ?? '') : (row.cells[i] ?? ''))),
    })),
  };
}
