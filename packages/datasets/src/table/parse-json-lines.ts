import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { checkColumns } from './check-columns.ts';
import { LIST_SEPARATOR, type Row, type Table } from './table.ts';

/**
 * Reads labels.jsonl: one JSON object per line, columns in order of first appearance, a key that is absent or null
 * is a missing label. Values that
 * are no labels, such as boxes, are told to `onNested` and passed over; without it their line is reported. Lines that are not such an object are reported and left out.
 */
export function parseJsonLines(
  text: string,
  file: string,
  problems: Problems,
  onNested?: (column: string) => void,
): Table {
  const columns = new Map<string, number>();
  const records: { line: number; values: Map<number, string> }[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((source, index) => {
      const line = index + 1;
      const content = source.trim();
      if (content === '') return;
      const report = (message: string): void =>
        problems.add({
          code: 'DATASET_NOT_JSON',
          file,
          line,
          message,
          fix: 'write one object of texts, numbers, true, false, null or lists of texts',
        });
      const record = parseObject(content);
      if (record === undefined) return report(`not a JSON object: ${quote(content)}`);
      const values = new Map<number, string>();
      for (const [key, value] of Object.entries(record)) {
        const cell = cellOf(value);
        if (cell === undefined && onNested !== undefined) {
          onNested(key);
          continue;
        }
        if (cell === undefined) return report(`${quote(key)} holds a value that is no label`);
        if (cell.length > LIMITS.cellCharacters) return report(`${quote(key)} holds ${cell.length} characters`);
        if (!columns.has(key)) columns.set(key, columns.size);
        values.set(columns.get(key) ?? 0, cell);
      }
      records.push({ line, values });
    });
  const names = [...columns.keys()];
  if (records.length > 0) checkColumns(names, file, problems);
  const rows: Row[] = records.map(({ line, values }) => ({ line, cells: names.map((_, i) => values.get(i) ?? '') }));
  return { file, columns: names, rows };
}

function parseObject(source: string): object | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function cellOf(value: unknown): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = value;
  const texts = items.filter((item): item is string => typeof item === 'string' && !item.includes(LIST_SEPARATOR));
  // An empty list says "none of the labels", which differs from a label that is missing.
  if (texts.length === 0 && items.length === 0) return LIST_SEPARATOR;
  return texts.length === items.length ? texts.map((text) => text.trim()).join(LIST_SEPARATOR) : undefined;
}
