// Descent for the rows with weight by limited-memory BFGS: what the last steps showed of the second derivative goes over the
// steering of factor.ts. A step is one solve and one product with G, each as dear as rows x filters x targets.

import { allocate } from '../shared/memory';
import { at } from './tableau';
import { extendFactor, steer } from './factor';
import { addSlot, allocateBySlot, hasSlot, pitch, productOf, slotCount, slotFilter } from './slots';
import {
  correlation, filter, lambda, lanes, listRows, norms, padded, product, residual, row, size, weight, wide,
} from './state';

/** Steps remembered. */
const SECANTS: i32 = 4;
/** The longest leap as a share of W, and the longest step in directions: descent that asks for more has lost its way. */
const LEAP: f64 = 0.5;
const LONGEST: f64 = 4;
/** Share of the step to which its length is found. */
const FINE: f64 = 0.01;

let direction: usize = 0;
/** q - lambda u, the negative gradient; and as it was, with W, before the last step. */
let force: usize = 0;
let forceBefore: usize = 0;
let weightBefore: usize = 0;
let steered: usize = 0;
/** Changes of W and of the gradient, a ring of SECANTS, with 1 over their products. */
let changesW: usize = 0;
let changesG: usize = 0;
let rho: usize = 0;
let alphas: usize = 0;
let next: i32 = 0;
let known: i32 = 0;
let continued: bool = false;

export function layoutDescent(): void {
  direction = allocateBySlot();
  force = allocateBySlot();
  forceBefore = allocateBySlot();
  weightBefore = allocateBySlot();
  steered = allocateBySlot();
  changesW = allocate(SECANTS * <usize>(lanes >> 2) * pitch);
  changesG = allocate(SECANTS * <usize>(lanes >> 2) * pitch);
  rho = allocate(SECANTS * 8);
  alphas = allocate(SECANTS * 8);
}

/** Says that lambda is another; with `anew`, that what earlier steps showed does not count any more. */
export function restart(anew: bool): void {
  continued = false;
  if (anew) known = 0;
}

@inline
function rowOf(matrix: usize, s: i32): usize {
  return matrix + <usize>s * 32;
}

/** One step; norms are current before and, by the caller, after it. False when it finds no way down. */
export function descendTogether(): bool {
  if (!findDirection()) return false;
  productOf(direction);
  const t = findLength();
  if (!(t > 0)) return false;
  moveWeights(t);
  const by = f64x2.splat(t);
  for (let o: usize = 0; o < <usize>padded * wide; o += 16) {
    v128.store(residual + o, f64x2.add(v128.load(residual + o), f64x2.mul(by, v128.load(product + o))));
  }
  return true;
}

/** A step of length 1, seldom far from the best. The residuals are the caller's to work out: that is the product saved. */
export function leapTogether(): bool {
  if (!findDirection()) return false;
  packWeights(steered);
  if (dotSlots(direction, direction) > LEAP * LEAP * dotSlots(steered, steered)) return false;
  moveWeights(1);
  return true;
}

function findDirection(): bool {
  giveSlots();
  extendFactor();
  gradient();
  if (continued) remember();
  steerBySecants();
  if (!(dotSlots(direction, force) > 0)) {
    known = 0;
    steerBySecants();
    if (!(dotSlots(direction, force) > 0)) return false;
  }
  packWeights(weightBefore);
  memory.copy(forceBefore, force, <usize>(lanes >> 2) * pitch);
  continued = true;
  return true;
}

/** The place of the pair before the last i. */
@inline
function ring(i: i32): i32 {
  return (next - 1 - i + 2 * SECANTS) % SECANTS;
}

/** Keeps the last change of W and of the force as a pair. */
function remember(): void {
  const s = changesW + <usize>next * <usize>(lanes >> 2) * pitch;
  const y = changesG + <usize>next * <usize>(lanes >> 2) * pitch;
  packWeights(s);
  addScaled(s, weightBefore, -1);
  memory.copy(y, forceBefore, <usize>(lanes >> 2) * pitch);
  addScaled(y, force, -1);
  for (let k = 0; k < slotCount; k++) {
    if (load<f64>(at(norms, filter(slotFilter, k))) > 0) continue;
    clearRow(s, k);
    clearRow(y, k);
  }
  const product = dotSlots(s, y);
  if (!(product > 0)) return;
  store<f64>(rho + (<usize>next << 3), 1 / product);
  next = (next + 1) % SECANTS;
  known = min(known + 1, SECANTS);
}

/** direction := the steering of the force, corrected by the remembered steps from the last to the first and back. */
function steerBySecants(): void {
  const size = <usize>(lanes >> 2) * pitch;
  memory.copy(steered, force, size);
  for (let i = 0; i < known; i++) {
    const n = <usize>ring(i);
    const a = load<f64>(rho + (n << 3)) * dotSlots(changesW + n * size, steered);
    store<f64>(alphas + (n << 3), a);
    addScaled(steered, changesG + n * size, -a);
  }
  steer(steered, direction);
  for (let i = known - 1; i >= 0; i--) {
    const n = <usize>ring(i);
    const b = load<f64>(rho + (n << 3)) * dotSlots(changesG + n * size, direction);
    addScaled(direction, changesW + n * size, load<f64>(alphas + (n << 3)) - b);
  }
  for (let k = 0; k < slotCount; k++) {
    if (load<f64>(at(norms, filter(slotFilter, k))) === 0) clearRow(direction, k);
  }
}

/** W by slot. */
function packWeights(into: usize): void {
  for (let s = 0; s < slotCount; s++) {
    const w = row(weight, filter(slotFilter, s));
    let to = rowOf(into, s);
    for (let o: usize = 0; o < wide; o += 32) {
      memory.copy(to, w + o, 32);
      to += pitch;
    }
  }
}

/** to += by from, by slot. */
function addScaled(to: usize, from: usize, by: f64): void {
  const t = f64x2.splat(by);
  for (let block: usize = 0; block < <usize>(lanes >> 2) * pitch; block += pitch) {
    for (let o = block; o < block + <usize>slotCount * 32; o += 16) {
      v128.store(to + o, f64x2.add(v128.load(to + o), f64x2.mul(t, v128.load(from + o))));
    }
  }
}

/** Gives every row with weight a slot. */
function giveSlots(): void {
  for (let j = 0; j < size; j++) {
    if (load<f64>(at(norms, j)) === 0 || hasSlot(j)) continue;
    clearRow(direction, slotCount);
    clearRow(forceBefore, slotCount);
    clearRow(weightBefore, slotCount);
    for (let n = 0; n < SECANTS; n++) {
      clearRow(changesW + <usize>n * <usize>(lanes >> 2) * pitch, slotCount);
      clearRow(changesG + <usize>n * <usize>(lanes >> 2) * pitch, slotCount);
    }
    addSlot(j);
  }
}

function clearRow(matrix: usize, s: i32): void {
  for (let block: usize = 0; block < <usize>(lanes >> 2) * pitch; block += pitch) memory.fill(rowOf(matrix, s) + block, 0, 32);
}

/** residual := C - G W, from W alone, with the norms and the list of rows. */
export function updateResidual(): void {
  listRows();
  giveSlots();
  packWeights(steered);
  productOf(steered);
  for (let o: usize = 0; o < <usize>padded * wide; o += 16) {
    v128.store(residual + o, f64x2.add(v128.load(correlation + o), v128.load(product + o)));
  }
}

/** force := q - lambda u by slot, 0 for a row without weight. */
function gradient(): void {
  for (let s = 0; s < slotCount; s++) {
    const j = filter(slotFilter, s);
    const norm = load<f64>(at(norms, j));
    const keep = f64x2.splat(norm > 0 ? 1 : 0);
    const by = f64x2.splat(norm > 0 ? lambda / norm : 0);
    let to = rowOf(force, s);
    for (let o: usize = 0; o < wide; o += 32) {
      const q = row(residual, j) + o;
      const w = row(weight, j) + o;
      v128.store(to, f64x2.sub(f64x2.mul(keep, v128.load(q)), f64x2.mul(by, v128.load(w))));
      v128.store(to, f64x2.sub(f64x2.mul(keep, v128.load(q, 16)), f64x2.mul(by, v128.load(w, 16))), 16);
      to += pitch;
    }
  }
}

function dotSlots(a: usize, b: usize): f64 {
  let sum = f64x2.splat(0);
  for (let block: usize = 0; block < <usize>(lanes >> 2) * pitch; block += pitch) {
    for (let o: usize = block; o < block + <usize>slotCount * 32; o += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(a + o), v128.load(b + o)));
    }
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The length at which the objective is least along the direction, by Newton's method in one variable. */
function findLength(): f64 {
  let linear: f64 = 0;
  let square: f64 = 0;
  const lineW = steered;
  // Of each row w'd, d'd and |w|^2 (steered has been used).
  for (let s = 0; s < slotCount; s++) {
    const j = filter(slotFilter, s);
    const w = row(weight, j), q = row(residual, j), g = row(product, j);
    let wd = f64x2.splat(0), dd = f64x2.splat(0), qd = f64x2.splat(0), gd = f64x2.splat(0);
    let from = rowOf(direction, s);
    for (let o: usize = 0; o < wide; o += 32) {
      const d0 = v128.load(from), d1 = v128.load(from, 16);
      wd = f64x2.add(wd, f64x2.add(f64x2.mul(d0, v128.load(w + o)), f64x2.mul(d1, v128.load(w + o, 16))));
      dd = f64x2.add(dd, f64x2.add(f64x2.mul(d0, d0), f64x2.mul(d1, d1)));
      qd = f64x2.add(qd, f64x2.add(f64x2.mul(d0, v128.load(q + o)), f64x2.mul(d1, v128.load(q + o, 16))));
      gd = f64x2.add(gd, f64x2.add(f64x2.mul(d0, v128.load(g + o)), f64x2.mul(d1, v128.load(g + o, 16))));
      from += pitch;
    }
    const norm = load<f64>(at(norms, j));
    const to = rowOf(lineW, s);
    store<f64>(to, sum(wd));
    store<f64>(to, norm > 0 ? sum(dd) : 0, 8);
    store<f64>(to, norm * norm, 16);
    linear += sum(qd);
    square -= sum(gd);
  }
  let t: f64 = 0;
  let low: f64 = 0;
  let high: f64 = LONGEST;
  for (let n = 0; n < 20; n++) {
    let first = t * square - linear;
    let second = square;
    for (let s = 0; s < slotCount; s++) {
      const from = rowOf(lineW, s);
      const wd = load<f64>(from), dd = load<f64>(from, 8);
      if (dd === 0) continue;
      const along = wd + t * dd;
      const norm2 = max(load<f64>(from, 16) + t * (wd + along), 1e-300);
      const inverse = lambda / sqrt(norm2);
      first += along * inverse;
      second += inverse * (dd - (along * along) / norm2);
    }
    if (first < 0) low = t;
    else high = t;
    let to = t - first / second;
    if (!(to > low && to < high)) to = 0.5 * (low + high);
    const moved = abs(to - t);
    t = to;
    if (moved < FINE * t) return t;
  }
  // Short of there the objective has fallen: it is convex.
  return low;
}

@inline
function sum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

function moveWeights(t: f64): void {
  const by = f64x2.splat(t);
  for (let s = 0; s < slotCount; s++) {
    const w = row(weight, filter(slotFilter, s));
    let from = rowOf(direction, s);
    for (let o: usize = 0; o < wide; o += 32) {
      v128.store(w + o, f64x2.add(v128.load(w + o), f64x2.mul(by, v128.load(from))));
      v128.store(w + o, f64x2.add(v128.load(w + o, 16), f64x2.mul(by, v128.load(from, 16))), 16);
      from += pitch;
    }
  }
}
