// A symmetric matrix under sweeps, lower half, its diagonal apart. Sweeping k with pivot d turns row and column k into v/d, the
// pivot into -1/d and the rest into T - v v'/d; sweeping it back gives -v/d. Updates wait in packed panels and are applied 32 at
// a time. The diagonal and the row and column of a pivot are kept current: written as a part of the rank-1 update they would
// lose digits when the pivot is nearly collinear with what is swept already.

import { allocate } from '../shared/memory';
import { subtractTile } from '../shared/tile';

export const BLOCK: i32 = 32;

let size: i32 = 0;
let padded: i32 = 0;
export let stride: usize = 0;
export let tableau: usize = 0;
export let diagonal: usize = 0;
/** The column that was read last, 0 at the pivot itself. */
export let column: usize = 0;
/** Sweeps that wait in the panels. */
export let pending: i32 = 0;
let panelsV: usize = 0;
let panelsU: usize = 0;
let weights: usize = 0;

/** Bytes from row to row: a row of 1 KiB or a multiple would put a column into few sets of the cache. */
export function tableauStride(order: i32): usize {
  let leading = ((order + 3) & ~3) + 8;
  if (leading % 128 === 0) leading += 8;
  return <usize>leading * 8;
}

/** Takes memory for matrices of up to `order`. */
export function layoutTableau(order: i32): void {
  const vector = <usize>((order + 3) & ~3) * 8;
  tableau = allocate((vector >> 3) * tableauStride(order));
  panelsV = allocate(vector * BLOCK);
  panelsU = allocate(vector * BLOCK);
  diagonal = allocate(vector);
  column = allocate(vector);
  weights = allocate(BLOCK * 8);
}

/** Begins a matrix of `order`, which the caller writes to `tableau` (rows `stride` apart) and `diagonal`, padding zero. */
export function startTableau(order: i32): void {
  size = order;
  padded = (order + 3) & ~3;
  stride = tableauStride(order);
  pending = 0;
}

@inline
export function at(vector: usize, i: i32): usize {
  return vector + (<usize>i << 3);
}

@inline
function lane(panels: usize, i: i32): usize {
  return panels + <usize>(i >> 2) * (BLOCK * 32) + (<usize>(i & 3) << 3);
}

/** column := column k of the tableau with the waiting updates; 0 at k itself. */
export function readColumn(k: i32): void {
  for (let b = 0; b < pending; b++) {
    store<f64>(at(weights, b), load<f64>(lane(panelsU, k) + <usize>b * 32));
  }
  const row = tableau + <usize>k * stride;
  const split = k & ~3;
  for (let i = 0; i < padded; i += 4) {
    let t0: v128, t1: v128;
    if (i < split) {
      t0 = v128.load(at(row, i));
      t1 = v128.load(at(row, i), 16);
    } else {
      const from = tableau + <usize>i * stride + (<usize>k << 3);
      t0 = f64x2(load<f64>(from), 0);
      t0 = f64x2.replace_lane(t0, 1, load<f64>(from + stride));
      t1 = f64x2(load<f64>(from + 2 * stride), 0);
      t1 = f64x2.replace_lane(t1, 1, load<f64>(from + 3 * stride));
    }
    let v = lane(panelsV, i);
    for (let b = 0; b < pending; b++) {
      const u = v128.load64_splat(at(weights, b));
      t0 = f64x2.sub(t0, f64x2.mul(v128.load(v), u));
      t1 = f64x2.sub(t1, f64x2.mul(v128.load(v, 16), u));
      v += 32;
    }
    v128.store(at(column, i), t0);
    v128.store(at(column, i), t1, 16);
  }
  // Within the pivot's own group of four, entries left of the diagonal lie in its row.
  for (let i = split; i < k; i++) {
    let t = load<f64>(at(row, i));
    for (let b = 0; b < pending; b++) {
      t -= load<f64>(lane(panelsV, i) + <usize>b * 32) * load<f64>(at(weights, b));
    }
    store<f64>(at(column, i), t);
  }
  store<f64>(at(column, k), 0);
}

/** Queues T -= v v'/d and writes the pivot's row and column as they will be, factor times v, free of waiting updates. */
export function sweep(k: i32, inverse: f64, factor: f64): void {
  store<f64>(at(diagonal, k), -inverse);
  const row = tableau + <usize>k * stride;
  for (let i = 0; i < k; i++) store<f64>(at(row, i), load<f64>(at(column, i)) * factor);
  let below = row + stride + (<usize>k << 3);
  for (let i = k + 1; i < size; i++) {
    store<f64>(below, load<f64>(at(column, i)) * factor);
    below += stride;
  }
  const own = lane(panelsV, k);
  const ownU = lane(panelsU, k);
  for (let b = 0; b < pending; b++) {
    store<f64>(own + <usize>b * 32, 0);
    store<f64>(ownU + <usize>b * 32, 0);
  }
  const scale = f64x2.splat(inverse);
  let v = panelsV + <usize>pending * 32;
  let u = panelsU + <usize>pending * 32;
  for (let i = 0; i < padded; i += 4) {
    const c0 = v128.load(at(column, i));
    const c1 = v128.load(at(column, i), 16);
    v128.store(v, c0);
    v128.store(v, c1, 16);
    v128.store(u, f64x2.mul(c0, scale));
    v128.store(u, f64x2.mul(c1, scale), 16);
    v += BLOCK * 32;
    u += BLOCK * 32;
  }
  pending++;
}

/** Applies the waiting updates to the lower half of the tableau. */
export function flush(): void {
  const blocks = padded >> 2;
  for (let i = 0; i < blocks; i++) {
    const a = panelsV + <usize>i * (BLOCK * 32);
    const row = tableau + <usize>(i * 4) * stride;
    for (let j = 0; j <= i; j++) {
      subtractTile(a, panelsU + <usize>j * (BLOCK * 32), pending, row + <usize>j * 32, stride);
    }
  }
  pending = 0;
}
