// The next solution as the last ones lead to it.

import { moveResidual } from './border';
import {
  change, dotRows, earlier, earliest, padded, residual, residualEarlier, residualEarliest, row, size, weight, wide,
} from './state';

/** A row that would keep less than this share of itself may be on its way to 0 and stays as it is. */
const KEPT: f64 = 0.1;

/**
 * Moves W on along the line through the last two solutions, `reach` times their difference, or where `third` is not 0 the
 * parabola through the last three, in which the two earlier ones weigh `second` and `third`. Rows that it would carry through 0
 * stay. The residual, linear in W, follows: near enough to step by, but not what a certificate may rest on.
 */
export function predict(reach: f64, second: f64, third: f64): void {
  const b = third !== 0 ? second : -reach;
  combine(residual, residualEarlier, residualEarliest, <usize>padded * wide, b, third);
  for (let j = 0; j < size; j++) {
    const w = row(weight, j);
    const old = row(earlier, j);
    const oldest = row(earliest, j);
    const ww = dotRows(w, w), oo = dotRows(old, old);
    const along = dotRows(w, old);
    // What the row itself follows: the common rule, a line, or nothing.
    let ownB = b;
    let ownC = third;
    if (third !== 0 && (ww === 0 || oo === 0 || dotRows(oldest, oldest) === 0)) {
      ownB = -reach;
      ownC = 0;
    }
    if (ww === 0 || !((1 - ownB - ownC) * ww + ownB * along + ownC * dotRows(w, oldest) > KEPT * ww)) {
      ownB = ww > 0 && (1 + reach) * ww - reach * along > KEPT * ww ? -reach : 0;
      ownC = 0;
    }
    let other: f64 = 0;
    for (let o: usize = 0; o < wide; o += 8) {
      const now = load<f64>(w + o);
      const d = (ownB - b) * (load<f64>(old + o) - now) + (ownC - third) * (load<f64>(oldest + o) - now);
      store<f64>(change + o, d);
      other += d * d;
    }
    combine(w, old, oldest, wide, ownB, ownC);
    if (other > 0) moveResidual(j);
  }
}

/** now := (1 - b - c) now + b before + c first, and the two move on by one. */
@inline
function combine(now: usize, before: usize, first: usize, bytes: usize, b: f64, c: f64): void {
  const ta = f64x2.splat(1 - b - c), tb = f64x2.splat(b), tc = f64x2.splat(c);
  for (let o: usize = 0; o < bytes; o += 16) {
    const x = v128.load(now + o), y = v128.load(before + o), z = v128.load(first + o);
    v128.store(first + o, y);
    v128.store(before + o, x);
    v128.store(now + o, f64x2.add(f64x2.add(f64x2.mul(ta, x), f64x2.mul(tb, y)), f64x2.mul(tc, z)));
  }
}
