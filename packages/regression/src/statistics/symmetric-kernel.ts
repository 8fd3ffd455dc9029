import { ensureMemory, loadWasm, type WasmMemory } from '../wasm/load-wasm.ts';

interface GramExports {
  readonly memory: WasmMemory;
  readonly accumulate: (
    gram: number,
    sums: number,
    shift: number,
    panels: number,
    rows: number,
    count: number,
    columns: number,
  ) => void;
  readonly cholesky: (matrix: number, size: number, panels: number, least: number) => number;
}

/** Rows packed at once: the panels of 512 filters then fill half a megabyte, which a second-level cache holds. */
const ROWS = 128;
/** Columns of the blocked factorisation, as in assembly/gram.ts. */
const BLOCK = 32;
/** The module has no data of its own; the first bytes stay unused so that no pointer is 0. */
const BASE = 1024;

let instance: GramExports | undefined;

function kernel(bytes: number): GramExports {
  instance ??= loadWasm('gram') as GramExports;
  ensureMemory(instance.memory, BASE + bytes);
  return instance;
}

const padded = (size: number) => Math.ceil(size / 4) * 4;

export interface GramSums {
  /** filters × filters, row-major; only the lower half is kept. */
  readonly gram: Float64Array;
  readonly sums: Float64Array;
}

/**
 * Adds Σ (x − s)(x − s)ᵀ and Σ (x − s) over the given rows of `responses` (rows × filters, float32) to `into`, in float64.
 * The order of additions depends only on the order of `rows`.
 */
export function accumulateGram(into: GramSums, responses: Float32Array, shift: Float64Array, rows: Int32Array): void {
  const filters = shift.length;
  const columns = padded(filters);
  const sums = BASE + columns * columns * 8;
  const shifts = sums + columns * 8;
  const panels = shifts + columns * 8;
  const staged = panels + ROWS * columns * 8;
  const { memory, accumulate } = kernel(staged + ROWS * columns * 4);
  const total = new Float64Array(memory.buffer, BASE, columns * columns + 2 * columns);
  total.fill(0);
  total.set(shift, columns * columns + columns);
  const stage = new Float32Array(memory.buffer, staged, ROWS * columns);
  stage.fill(0);
  for (let from = 0; from < rows.length; from += ROWS) {
    const count = Math.min(ROWS, rows.length - from);
    for (let k = 0; k < count; k++) {
      const row = rows[from + k] as number;
      stage.set(responses.subarray(row * filters, (row + 1) * filters), k * columns);
    }
    accumulate(BASE, sums, shifts, panels, staged, count, columns);
  }
  for (let i = 0; i < filters; i++) {
    for (let j = 0; j <= i; j++)
      into.gram[i * filters + j] = (into.gram[i * filters + j] as number) + (total[i * columns + j] as number);
    into.sums[i] = (into.sums[i] as number) + (total[columns * columns + i] as number);
  }
}

/**
 * Cholesky factor of a symmetric matrix (size × size, lower half read): L in the lower half, row-major, so that A = L Lᵀ.
 * Undefined when a pivot is not above `least`.
 */
export function choleskyFactor(matrix: Float64Array, size: number, least: number): Float64Array | undefined {
  const order = padded(size);
  const panels = BASE + order * order * 8;
  const { memory, cholesky } = kernel(panels + BLOCK * order * 8);
  const work = new Float64Array(memory.buffer, BASE, order * order);
  for (let i = 0; i < order; i++) {
    const row = work.subarray(i * order, (i + 1) * order);
    row.fill(0);
    if (i < size) row.set(matrix.subarray(i * size, i * size + i + 1));
    // A padding row is a unit vector: its pivot must pass any `least` that a caller sets.
    else row[i] = Math.max(1, 4 * least * least, 4 * least);
  }
  if (cholesky(BASE, order, panels, least) >= 0) return undefined;
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) factor.set(work.subarray(i * order, i * order + i + 1), i * size);
  return factor;
}
