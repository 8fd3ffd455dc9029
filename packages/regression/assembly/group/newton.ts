import { at } from './tableau';
import { findDirection } from './direction';
import { freshRows, invertShifted, markStale, stale } from './inverse';
import { apply, fallAlong, lineSearch } from './line';
import { multiply } from './multiply';
import {
  dotRows, filter, gram, gramRow, listRows, norms, padded, product, residual, row, rowCount, rows, savedResidual,
  savedWeight, step, weight, wide, yy,
} from './state';

/** Times that a Newton step sets rows to 0 and begins again. */
const PASSES: i32 = 12;
/** Rows set to 0 one by one after a refused Newton step, at most. */
const FACES: i32 = 64;
/** A row is carried through 0 when this share of its squared length is the most that is left at the nearest point. */
const NEAR: f64 = 0.25;

/** Rows that the last Newton step stopped at 0. */
export let clipped: i32 = 0;

/**
 * One damped Newton step on the rows with weight; false when it does not lower the objective. A row that the step would carry
 * through 0 is set to 0 and more steps are taken by the others until the objective is lower than at the start, since nearly
 * collinear rows lean on each other: stopping some without turning the rest is no descent. The inverse of M is kept from step to step while it serves: rows that came since
 * then are stepped by their own curvature alone.
 */
export function newton(): bool {
  listRows();
  clipped = 0;
  if (rowCount === 0) return true;
  memory.copy(savedWeight, weight, <usize>padded * wide);
  memory.copy(savedResidual, residual, <usize>padded * wide);
  let fall: f64 = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    if (stale || freshRows() * 8 > rowCount) invertShifted();
    findDirection();
    const stopped = stopCrossing();
    const t = stopped ? 1 : lineSearch();
    if (t === 0) break;
    fall += fallAlong(t);
    apply(t);
    // Near the minimum the fall is rounding itself: what does not rise is taken.
    if (!stopped && fall >= -1e-15 * yy) return true;
    listRows();
    markStale();
    if (rowCount === 0) break;
  }
  memory.copy(weight, savedWeight, <usize>padded * wide);
  memory.copy(residual, savedResidual, <usize>padded * wide);
  listRows();
  return descendFace();
}

/**
 * The careful way down, for rows that lean on each other: along the Newton direction only as far as the first row that comes
 * near 0, which is then set to 0, and so on until a whole step is taken. The objective falls every time.
 */
function descendFace(): bool {
  let total: f64 = 0;
  for (let pass = 0; pass < FACES && rowCount > 0; pass++) {
    invertShifted();
    findDirection();
    multiply(gram, gramRow, rows, rowCount, step, padded, product);
    let t: f64 = 1;
    let nearest = -1;
    for (let k = 0; k < rowCount; k++) {
      const w = row(weight, filter(rows, k));
      const d = row(step, k);
      const norm = load<f64>(at(norms, filter(rows, k)));
      const along = dotRows(w, d);
      const square = dotRows(d, d);
      if (along >= 0 || -along >= t * square) continue;
      if (norm * norm - along * along / square > NEAR * norm * norm) continue;
      t = -along / square;
      nearest = k;
    }
    let fall = fallAlong(t);
    if (fall < -1e-15 * yy) {
      t = lineSearch();
      nearest = -1;
      fall = fallAlong(t);
      if (!(fall > 0)) break;
    }
    apply(t);
    total += fall;
    if (nearest < 0) {
      listRows();
      if (t === 1 || fall < 1e-3 * total) break;
      continue;
    }
    const j = filter(rows, nearest);
    listRows();
    memory.fill(step, 0, <usize>rowCount * wide);
    for (let k = 0; k < rowCount; k++) {
      if (filter(rows, k) !== j) continue;
      for (let o: usize = 0; o < wide; o += 16) v128.store(row(step, k) + o, f64x2.neg(v128.load(row(weight, j) + o)));
    }
    multiply(gram, gramRow, rows, rowCount, step, padded, product);
    const rise = fallAlong(1);
    if (total + rise < 0) continue;
    apply(1);
    total += rise;
    listRows();
  }
  markStale();
  return total > 0;
}

/** When the step carries rows through 0, makes it the step that sets those to 0 and leaves the others. */
function stopCrossing(): bool {
  let crossing = 0;
  for (let k = 0; k < rowCount; k++) {
    const norm = load<f64>(at(norms, filter(rows, k)));
    if (dotRows(row(weight, filter(rows, k)), row(step, k)) <= -norm * norm) crossing++;
  }
  clipped += crossing;
  if (crossing > 0) {
    for (let k = 0; k < rowCount; k++) {
      const w = row(weight, filter(rows, k));
      const d = row(step, k);
      const norm = load<f64>(at(norms, filter(rows, k)));
      const stops = dotRows(w, d) <= -norm * norm;
      for (let o: usize = 0; o < wide; o += 16) {
        v128.store(d + o, stops ? f64x2.neg(v128.load(w + o)) : f64x2.splat(0));
      }
    }
  }
  // product := G step on every filter, so that the residual follows without another product.
  multiply(gram, gramRow, rows, rowCount, step, padded, product);
  return crossing > 0;
}
