import { allocate } from '../shared/memory';
import { BLOCK, at, column, diagonal, flush, pending, readColumn, startTableau, stride, sweep, tableau } from './tableau';
import { filter, gram, gramRow, lambda, norms, padded, rowCount, rows, weight } from './state';

/** The rows of the inverse, each filter's place among them or -1, and whether it is out of date. */
export let inverseRows: usize = 0;
export let inverseCount: i32 = 0;
export let slots: usize = 0;
export let stale: bool = true;

export function layoutInverse(): void {
  inverseRows = allocate(<usize>padded * 4);
  slots = allocate(<usize>padded * 4);
}

/** Says that the inverse of M no longer serves. */
export function markStale(): void {
  stale = true;
}

/** tableau := inverse(G + lambda D) on the rows with weight, whole. */
export function invertShifted(): void {
  stale = false;
  inverseCount = rowCount;
  memory.copy(inverseRows, rows, <usize>rowCount * 4);
  memory.fill(slots, 255, <usize>padded * 4);
  for (let k = 0; k < rowCount; k++) store<i32>(slots + (<usize>filter(rows, k) << 2), k);
  startTableau(rowCount);
  const count = (rowCount + 3) & ~3;
  for (let k = 0; k < count; k++) {
    const to = tableau + <usize>k * stride;
    memory.fill(to, 0, stride);
    if (k >= rowCount) {
      store<f64>(at(diagonal, k), 0);
      continue;
    }
    const j = filter(rows, k);
    const from = gram + <usize>j * gramRow;
    for (let i = 0; i < k; i++) store<f64>(at(to, i), load<f64>(at(from, filter(rows, i))));
    store<f64>(at(diagonal, k), load<f64>(at(from, j)) + lambda / load<f64>(at(norms, j)));
  }
  for (let k = 0; k < rowCount; k++) {
    readColumn(k);
    const inverse = 1 / load<f64>(at(diagonal, k));
    const t = f64x2.splat(inverse);
    for (let o: usize = 0; o < <usize>count * 8; o += 16) {
      const v = v128.load(column + o);
      v128.store(diagonal + o, f64x2.sub(v128.load(diagonal + o), f64x2.mul(f64x2.mul(v, v), t)));
    }
    sweep(k, inverse, inverse);
    if (pending === BLOCK) flush();
  }
  flush();
  for (let k = 0; k < rowCount; k++) {
    const to = tableau + <usize>k * stride;
    for (let i = 0; i < k; i++) {
      const value = -load<f64>(at(to, i));
      store<f64>(at(to, i), value);
      store<f64>(at(tableau + <usize>i * stride, k), value);
    }
    store<f64>(at(to, k), -load<f64>(at(diagonal, k)));
  }
}

/** Rows with weight that the inverse does not have. */
export function freshRows(): i32 {
  let fresh = 0;
  for (let k = 0; k < rowCount; k++) if (load<i32>(slots + (<usize>filter(rows, k) << 2)) < 0) fresh++;
  return fresh;
}
