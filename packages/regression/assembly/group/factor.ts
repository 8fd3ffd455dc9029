// What steers descent in place of the inverse of the second derivative G (x) I + sum_j k_j (I - u_j u_j'), k_j = lambda/|W_j|: a
// Cholesky factor of G + K on the slots, of earlier lambdas. Going in and coming out, each row is scaled across its direction
// u_j as k_j has changed since, and along it, where the penalty has no curvature, as if k_j were 0: exact for filters that are
// orthogonal. Old factors steer nearly as well as new ones, so new slots only add their rows.

import { allocate } from '../shared/memory';
import { at } from './tableau';
import { factorBytes, factorize, tileAt } from './cholesky';
import { filter, gram, gramRow, lambda, lanes, norms, ownVariance, padded, row, weight } from './state';
import { pitch, slotCount, slotFilter } from './slots';
import { layoutSteering, solveNarrow, takeFactor } from './steering';

let factor: usize = 0;
let inverseDiagonal: usize = 0;
let pivots: usize = 0;
/** By slot: what the factor has beside G on the diagonal, and the variance left beside earlier slots. */
let shift: usize = 0;
let left: usize = 0;
let factored: i32 = 0;

export function layoutFactor(): void {
  const vector = <usize>padded * 8;
  factor = allocate(factorBytes(padded));
  inverseDiagonal = allocate(vector);
  pivots = allocate(vector);
  shift = allocate(vector);
  left = allocate(vector);
  layoutSteering();
}

export function clearFactor(): void {
  factored = 0;
}

/** Adds the rows of the slots that came since the last time. */
export function extendFactor(): void {
  if (factored === slotCount) return;
  for (let s = factored; s < slotCount; s++) {
    const norm = load<f64>(at(norms, filter(slotFilter, s)));
    const own = ownVariance(filter(slotFilter, s));
    // A row that has only just come is hardly longer than 0 and will not stay so short.
    store<f64>(at(shift, s), norm > 0 ? min(lambda / norm, own) : own);
  }
  const first = factored >> 2;
  const end = (slotCount + 3) >> 2;
  for (let s = first * 4; s < end * 4; s++) {
    const to = tileAt(factor, s >> 2, 0) + (<usize>(s & 3) << 3);
    if (s >= slotCount) {
      for (let k = 0; k <= (s | 3); k++) store<f64>(to + <usize>k * 32, s === k ? 1 : 0);
      continue;
    }
    const g = gram + <usize>filter(slotFilter, s) * gramRow;
    for (let k = 0; k <= (s | 3); k++) {
      store<f64>(to + <usize>k * 32, k < slotCount ? load<f64>(at(g, filter(slotFilter, k))) : 0);
    }
    const own = to + <usize>s * 32;
    store<f64>(own, load<f64>(own) + load<f64>(at(shift, s)));
  }
  factorize(factor, first, end, inverseDiagonal, pivots);
  takeFactor(factor, inverseDiagonal, first, end);
  for (let s = first * 4; s < slotCount; s++) {
    const whole = load<f64>(at(pivots, s));
    store<f64>(at(left, s), max(whole - load<f64>(at(shift, s)), 1e-3 * whole));
  }
  factored = slotCount;
}

/** z (by slot) := the steering of g. Rows beyond the last slot are scratch. */
export function steer(g: usize, z: usize): void {
  memory.copy(z, g, <usize>(lanes >> 2) * pitch);
  scale(z);
  const groups = (slotCount + 3) >> 2;
  for (let o: usize = 0; o < <usize>(lanes >> 2) * pitch; o += pitch) {
    if (slotCount & 3) memory.fill(z + o + <usize>slotCount * 32, 0, <usize>(4 - (slotCount & 3)) * 32);
  }
  solveNarrow(groups, z);
  scale(z);
}

/** Scales each row along its direction and across it as the factor's row differs from the present curvature; 0 without weight. */
function scale(z: usize): void {
  const end = <usize>(lanes >> 2) * pitch;
  for (let s = 0; s < slotCount; s++) {
    const j = filter(slotFilter, s);
    const norm = load<f64>(at(norms, j));
    const own = load<f64>(at(left, s));
    const had = own + load<f64>(at(shift, s));
    const acrossBy = norm > 0 ? sqrt(had / (own + lambda / norm)) : 0;
    const alongBy = norm > 0 ? sqrt(had / own) : 0;
    let w = row(weight, j);
    let part = f64x2.splat(0);
    for (let o = <usize>s * 32; o < end; o += pitch) {
      part = f64x2.add(part, f64x2.mul(v128.load(z + o), v128.load(w)));
      part = f64x2.add(part, f64x2.mul(v128.load(z + o, 16), v128.load(w, 16)));
      w += 32;
    }
    const length = f64x2.extract_lane(part, 0) + f64x2.extract_lane(part, 1);
    const a = f64x2.splat(acrossBy);
    const b = f64x2.splat(norm > 0 ? ((alongBy - acrossBy) * length) / (norm * norm) : 0);
    w = row(weight, j);
    for (let o = <usize>s * 32; o < end; o += pitch) {
      v128.store(z + o, f64x2.add(f64x2.mul(a, v128.load(z + o)), f64x2.mul(b, v128.load(w))));
      v128.store(z + o, f64x2.add(f64x2.mul(a, v128.load(z + o, 16)), f64x2.mul(b, v128.load(w, 16))), 16);
      w += 32;
    }
  }
}
