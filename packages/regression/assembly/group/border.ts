// Rows at the border of 0, where the penalty bends so sharply that no quadratic model serves: stepped one by one.

import { at } from './tableau';
import { length, minimumOfRow } from './minimum';
import {
  change, constant, dotRows, gram, gramRow, lambda, norms, ownVariance, padded, residual, row, size, weight, wide,
} from './state';

/** A row whose penalty curves more than this many times its variance is at the border. */
const BORDER: f64 = 2;
/** Share of its length by which a row must want to move, or it is left to the steps of all rows. */
const SMALL: f64 = 0.02;

/** Steps each row at the border of 0, and each that asks for weight, to its own minimum; norms stay current. */
export function stepBorder(): void {
  for (let j = 0; j < size; j++) {
    const own = ownVariance(j);
    if (own <= constant) continue;
    const norm = load<f64>(at(norms, j));
    if (norm === 0) {
      const q = row(residual, j);
      if (dotRows(q, q) <= lambda * lambda) continue;
    } else if (lambda <= BORDER * own * norm) continue;
    stepRow(j, own);
  }
}

/** Steps row j to its minimum, the residuals with it, unless it is as good as there. */
function stepRow(j: i32, own: f64): void {
  const w = row(weight, j);
  const shrink = minimumOfRow(j, own);
  let moved: f64 = 0;
  for (let o: usize = 0; o < wide; o += 8) {
    const fresh = load<f64>(change + o) * shrink;
    const d = fresh - load<f64>(w + o);
    moved += d * d;
    store<f64>(change + o, d);
  }
  const norm = load<f64>(at(norms, j));
  if (moved <= SMALL * SMALL * norm * norm) return;
  for (let o: usize = 0; o < wide; o += 16) {
    v128.store(w + o, shrink > 0 ? f64x2.add(v128.load(w + o), v128.load(change + o)) : f64x2.splat(0));
  }
  store<f64>(at(norms, j), length * shrink);
  moveResidual(j);
}

/** residual -= the product of G with `change` in row j. */
export function moveResidual(j: i32): void {
  const g = gram + <usize>j * gramRow;
  for (let o: usize = 0; o < wide; o += 32) {
    const d0 = v128.load(change + o), d1 = v128.load(change + o, 16);
    let to = residual + o;
    for (let i = 0; i < padded; i++) {
      const c = v128.load64_splat(at(g, i));
      v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(c, d0)));
      v128.store(to, f64x2.sub(v128.load(to, 16), f64x2.mul(c, d1)), 16);
      to += wide;
    }
  }
}
