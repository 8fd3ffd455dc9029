import { at } from './tableau';
import { dotRows, filter, lambda, norms, padded, product, residual, row, rowCount, rows, step, weight, wide, yy } from './state';

/** Times that a Newton step is halved before it is refused. */
const HALVINGS: i32 = 8;

/** By how much the objective falls when W moves by t times `step`, whose product with G is at hand. */
export function fallAlong(t: f64): f64 {
  let linear: f64 = 0;
  let square: f64 = 0;
  let longer: f64 = 0;
  for (let k = 0; k < rowCount; k++) {
    const j = filter(rows, k);
    const d = row(step, k);
    linear += dotRows(d, row(residual, j));
    square += dotRows(d, row(product, j));
    const norm = load<f64>(at(norms, j));
    const more = t * (2 * dotRows(row(weight, j), d) + t * dotRows(d, d));
    // |w + td| - |w| without the cancellation of the difference.
    longer += more / (sqrt(max(norm * norm + more, 0)) + norm);
  }
  return t * linear - 0.5 * t * t * square - lambda * longer;
}

/** The share of the step, 1 or a half, a quarter of it, at which the objective falls; 0 when it never does. */
export function lineSearch(): f64 {
  let t: f64 = 1;
  for (let n = 0; n < HALVINGS; n++) {
    if (fallAlong(t) >= -1e-15 * yy) return t;
    t *= 0.5;
  }
  return 0;
}

/** Moves W by t times `step` and the residual of every filter with it. */
export function apply(t: f64): void {
  const by = f64x2.splat(t);
  for (let k = 0; k < rowCount; k++) {
    const w = row(weight, filter(rows, k));
    for (let o: usize = 0; o < wide; o += 16) {
      v128.store(w + o, f64x2.add(v128.load(w + o), f64x2.mul(by, v128.load(row(step, k) + o))));
    }
  }
  for (let o: usize = 0; o < <usize>padded * wide; o += 16) {
    v128.store(residual + o, f64x2.sub(v128.load(residual + o), f64x2.mul(by, v128.load(product + o))));
  }
}
