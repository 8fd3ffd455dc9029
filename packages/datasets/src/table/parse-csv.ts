import { CsvError, parse } from 'csv-parse/sync';
import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { checkColumns } from './check-columns.ts';
import type { Row, Table } from './table.ts';

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads CSV (RFC 4180, first line the header, LF or CRLF, with or without a byte order mark). Commas, semicolons and tabs
 * are told apart by the header. Rows with a wrong number of cells or an overlong cell are reported and left out.
 */
export function parseCsv(text: string, file: string, problems: Problems, delimiter = delimiterOf(text)): Table {
  const [header, ...body] = records(text, file, problems, delimiter);
  if (header === undefined) return { file, columns: [], rows: [] };
  const columns = header.record;
  checkColumns(columns, file, problems);
  const rows: Row[] = [];
  for (const { record, info } of body) {
    const line = info.lines;
    const tooLong = record.find((cell) => cell.length > LIMITS.cellCharacters);
    if (record.length !== columns.length) {
      const message = `the row has ${record.length} cells, the header has ${columns.length}`;
      const fix = `give the row ${columns.length} cells; leave a cell empty where a label is missing`;
      problems.add({ code: 'DATASET_COLUMN_COUNT', file, line, message, fix });
    } else if (tooLong !== undefined) {
      const message = `a cell has ${tooLong.length} characters: ${quote(tooLong)}`;
      const fix = `keep cells within ${LIMITS.cellCharacters} characters`;
      problems.add({ code: 'DATASET_MANIFEST_TOO_LARGE', file, line, message, fix });
    } else {
      rows.push({ line, cells: record });
    }
  }
  return { file, columns, rows };
}

/** Of comma, semicolon and tab, the one that stands most often in the header outside quotes. */
export function delimiterOf(text: string): string {
  const header = /^[^\r\n]*/.exec(text.replace(/^\uFEFF?\s*/, ''))?.[0].replace(/"[^"]*"/g, '') ?? '';
  const count = (delimiter: string): number => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best));
}

function records(text: string, file: string, problems: Problems, delimiter: string): Parsed[] {
  try {
    // csv-parse's types describe the plain records; with `info` each one comes wrapped.
    return parse(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 0;
    problems.add({
      code: 'DATASET_CSV_SYNTAX',
      file,
      line,
      message:
        error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'a quote is opened and never closed' : 'a quote stands inside a cell',
      fix: 'quote the whole cell and double the quotes inside it',
    });
    return [];
  }
}
