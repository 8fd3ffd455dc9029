const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Beyond this the squares that least squares sums up would lose all meaning, or overflow. */
const LARGEST = 1e15;

/** A cell as a number within ±1e15, or undefined. Stricter than Number(): no hex, no "Infinity", no empty text. */
export function parseNumber(cell: string): number | undefined {
  if (!DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Math.abs(value) <= LARGEST ? value : undefined;
}
