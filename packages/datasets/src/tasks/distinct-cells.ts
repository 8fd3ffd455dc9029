import { parseNumber } from './parse-number.ts';

/** Distinct values that are not empty: numbers ascending if all are numbers, else by code point, the same everywhere. */
export function distinctCells(cells: Iterable<string>): string[] {
  const distinct = new Set<string>();
  for (const cell of cells) if (cell !== '') distinct.add(cell);
  const values = [...distinct];
  const numeric = values.every((value) => parseNumber(value) !== undefined);
  return numeric ? values.sort((a, b) => Number(a) - Number(b)) : values.sort((a, b) => (a < b ? -1 : 1));
}

export function* cellsOf(rows: number, cell: (row: number) => string): Generator<string> {
  for (let row = 0; row < rows; row += 1) yield cell(row);
}
