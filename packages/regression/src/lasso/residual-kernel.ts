import { ensureMemory, loadWasm, type WasmMemory } from '../wasm/load-wasm.ts';
import type { GramProblem } from './gram-problem.ts';

interface ProductExports {
  readonly memory: WasmMemory;
  layout(base: number, p: number, rows: number): number;
  gramPointer(): number;
  correlationPointer(): number;
  panelPointer(): number;
  resultPointer(): number;
  listPointer(): number;
  residuals(rows: number, count: number): void;
}

const BASE = 1024;

let instance: ProductExports | undefined;

/**
 * Blocks of rows of coefficients W and their residual correlations Q = c − WG, by the matrix kernel of assembly/product.ts.
 * One at a time: a new one takes the memory of the last.
 */
export class ResidualBlocks {
  /** Most rows in a block. */
  static readonly ROWS = 32;

  readonly #kernel: ProductExports;
  readonly #panels: Float64Array;
  readonly #list: Int32Array;
  #count = 0;

  constructor({ p, gram, xty }: Pick<GramProblem, 'p' | 'gram' | 'xty'>) {
    const kernel = (instance ??= loadWasm('product') as ProductExports);
    ensureMemory(kernel.memory, kernel.layout(BASE, p, ResidualBlocks.ROWS));
    const { buffer } = kernel.memory;
    const padded = Math.ceil(p / 4) * 4;
    const matrix = new Float64Array(buffer, kernel.gramPointer(), padded * padded);
    if (padded === p) matrix.set(gram);
    else {
      matrix.fill(0);
      for (let i = 0; i < p; i++) matrix.set(gram.subarray(i * p, (i + 1) * p), i * padded);
    }
    const correlation = new Float64Array(buffer, kernel.correlationPointer(), padded);
    correlation.fill(0);
    correlation.set(xty);
    this.#kernel = kernel;
    this.#panels = new Float64Array(buffer, kernel.panelPointer(), padded * ResidualBlocks.ROWS);
    this.#list = new Int32Array(buffer, kernel.listPointer(), padded);
  }

  /** Starts a block whose rows have coefficients on `filters` only. */
  begin(filters: ArrayLike<number>): void {
    this.#count = filters.length;
    this.#list.set(filters);
    this.#panels.fill(0, 0, this.#count * ResidualBlocks.ROWS);
  }

  /** Sets a coefficient: `slot` is a position in the block's filters. */
  set(row: number, slot: number, value: number): void {
    this.#panels[this.#at(row, slot)] = value;
  }

  get(row: number, slot: number): number {
    return this.#panels[this.#at(row, slot)] as number;
  }

  /** Q of the block for its own filters: a view that the next call overwrites. Row r starts at r × width. */
  residuals(rows: number): { readonly values: Float64Array; readonly width: number } {
    const padded = Math.ceil(rows / 4) * 4;
    this.#kernel.residuals(padded, this.#count);
    const width = Math.ceil(this.#count / 4) * 4;
    return {
      values: new Float64Array(this.#kernel.memory.buffer, this.#kernel.resultPointer(), padded * width),
      width,
    };
  }

  #at(row: number, slot: number): number {
    return ((row >> 2) * this.#count + slot) * 4 + (row & 3);
  }
}
