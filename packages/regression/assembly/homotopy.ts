// The lasso path by homotopy on a symmetric sweep tableau.
//
// With A the active filters, s their signs and q = c - Gw, the tableau of the Gram matrix swept on A is
//   T_AA = -inverse(G_AA),   T_IA = G_IA inverse(G_AA),   T_II = G_II - G_IA inverse(G_AA) G_AI.
// One vector x holds w on A and q elsewhere, one vector m its change per unit by which lambda falls. A knot is one sweep: the
// symmetric rank-1 update T -= v v'/d. Updates wait in packed panels and are applied 32 at a time; the diagonal and the row
// and column of the pivot are kept current, because written as a part of the rank-1 update they would lose digits when the
// pivot is nearly collinear with the others. After each block x and m are corrected against the original Gram matrix (one
// step of iterative refinement), so rounding does not pile up along the path.

import {
  at, BLOCK, column, diagonal, flush, layoutTableau, pending, readColumn, startTableau, stride, sweep, tableau, tableauStride,
} from './shared/tableau';
import { allocate, free, startAt } from './shared/memory';

/** A filter with less than this share of its variance left beside the active ones is collinear with them. */
const COLLINEAR: f64 = 1e-12;
/** Variance cannot be negative; by more than this share it is not rounding. */
const NEGATIVE: f64 = -1e-3;
/** Closing speeds under this are parallel to the bound: they cannot cross it by more than this share of lambda. */
const PARALLEL: f64 = 1e-11;

export const DONE: i32 = 0;
export const FULL: i32 = 1;
export const STALLED: i32 = 2;
export const INDEFINITE: i32 = 3;

let size: i32 = 0;
let padded: i32 = 0;
let lambda: f64 = 0;
let active: i32 = 0;
let stalled: i32 = 0;
let due: i32 = BLOCK;
let eventCapacity: i32 = 0;
let valueCapacity: i32 = 0;
let eventCount: i32 = 0;
let valueCount: i32 = 0;

let gram: usize = 0;
let correlation: usize = 0;
let variance: usize = 0;
let state: usize = 0;
let slope: usize = 0;
let signs: usize = 0;
let residualX: usize = 0;
let residualM: usize = 0;
let list: usize = 0;
let place: usize = 0;
let refused: usize = 0;
let eventLambda: usize = 0;
let eventIndex: usize = 0;
let eventKind: usize = 0;
let values: usize = 0;

/** Lays out the memory from `base` for p filters and buffers of that many knots and coefficients; returns the first free byte. */
export function layout(base: usize, p: i32, knots: i32, coefficients: i32): usize {
  size = p;
  padded = (p + 3) & ~3;
  eventCapacity = knots;
  // A small problem has few knots in all: correct it more often, at no cost that counts.
  due = p < 128 ? 4 : BLOCK;
  valueCapacity = coefficients;
  startAt(base);
  const vector = <usize>padded * 8;
  gram = allocate(<usize>padded * tableauStride(p));
  layoutTableau(p);
  startTableau(p);
  correlation = allocate(vector);
  variance = allocate(vector);
  state = allocate(vector);
  slope = allocate(vector);
  signs = allocate(vector);
  residualX = allocate(vector);
  residualM = allocate(vector);
  list = allocate(<usize>padded * 4);
  place = allocate(<usize>padded * 4);
  refused = allocate(<usize>padded * 4);
  eventLambda = allocate(<usize>knots * 8);
  eventIndex = allocate(<usize>knots * 4);
  eventKind = allocate(<usize>knots * 4);
  values = allocate(<usize>coefficients * 8);
  return free();
}

export function gramPointer(): usize { return gram; }
export function gramStride(): usize { return stride; }
export function correlationPointer(): usize { return correlation; }
export function refusedPointer(): usize { return refused; }
export function lambdaPointer(): usize { return eventLambda; }
export function indexPointer(): usize { return eventIndex; }
export function kindPointer(): usize { return eventKind; }
export function valuePointer(): usize { return values; }
export function knotCount(): i32 { return eventCount; }
export function coefficientCount(): i32 { return valueCount; }
export function currentLambda(): f64 { return lambda; }
export function activeCount(): i32 { return active; }

/** Starts at lambda = max |c| with nothing active; G (whole, symmetric) and c are in place. `constant`: variance that counts as none. */
export function begin(start: f64, constant: f64): void {
  lambda = start;
  active = 0;
  stalled = 0;
  for (let i = 0; i < padded; i++) {
    const own = load<f64>(gram + <usize>i * stride + (<usize>i << 3));
    store<f64>(at(variance, i), own > constant ? own : 0);
    store<f64>(at(state, i), load<f64>(at(correlation, i)));
    store<f64>(at(slope, i), 0);
    store<f64>(at(signs, i), 0);
    store<i32>(refused + (<usize>i << 2), 0);
  }
  resetTableau();
}

function resetTableau(): void {
  memory.copy(tableau, gram, <usize>padded * stride);
  memory.copy(diagonal, variance, <usize>padded * 8);
  startTableau(size);
}

/** Empties the buffers that the caller has read. */
export function drain(): void {
  eventCount = 0;
  valueCount = 0;
}

function record(index: i32, kind: i32): void {
  store<f64>(at(eventLambda, eventCount), lambda);
  store<i32>(eventIndex + (<usize>eventCount << 2), index);
  store<i32>(eventKind + (<usize>eventCount << 2), kind);
  eventCount++;
  for (let k = 0; k < active; k++) {
    store<f64>(at(values, valueCount), load<f64>(at(state, load<i32>(list + (<usize>k << 2)))));
    valueCount++;
  }
}

/** The nearest event found so far: after which step, of which filter (-1: none), with which sign it joins (0: it is dropped). */
let nearest: f64 = 0;
let nearestIndex: i32 = -1;
let nearestSign: f64 = 0;

/** Follows the path down to `last` or until a buffer is full. Kinds recorded: 1 and -1 a join with that sign, 2 a drop, 0 the end. */
export function advance(last: f64): i32 {
  while (true) {
    if (eventCount >= eventCapacity || valueCount + active + 1 > valueCapacity) return FULL;
    if (!findEvent(lambda - last)) return INDEFINITE;
    move(nearest);
    if (nearestIndex < 0) {
      lambda = last;
      refuseCollinear();
      record(-1, 0);
      return DONE;
    }
    stalled = nearest > 1e-14 * lambda ? 0 : stalled + 1;
    if (stalled > 4 * size + 64) return STALLED;
    lambda -= nearest;
    const index = nearestIndex;
    const sign = nearestSign;
    if (sign !== 0) join(index, sign);
    else drop(index);
    record(index, sign === 0 ? 2 : <i32>sign);
    if (pending >= due) {
      flush();
      correct();
    }
  }
}

/** More than any correlation: keeps active filters out of the test for inactive ones. */
const FAR: f64 = 1e300;

/** Finds the nearest event within `reach`; false when the Gram matrix turns out indefinite. */
function findEvent(reach: f64): bool {
  nearest = reach;
  nearestIndex = -1;
  nearestSign = 0;
  const none = f64x2.splat(0);
  const far = f64x2.splat(FAR);
  let t = f64x2.splat(reach);
  let bound = f64x2.splat(lambda - reach);
  for (let i = 0; i < padded; i += 2) {
    // Two filters at a time: is w past 0, or |q| past lambda, after the step that is the nearest so far?
    const own = v128.load(at(signs, i));
    const there = f64x2.add(v128.load(at(state, i)), f64x2.mul(t, v128.load(at(slope, i))));
    const passed = v128.or(
      f64x2.lt(f64x2.mul(own, there), none),
      f64x2.gt(f64x2.abs(there), f64x2.add(bound, f64x2.mul(f64x2.abs(own), far))),
    );
    if (!v128.any_true(passed)) continue;
    if (!consider(i) || !consider(i + 1)) return false;
    t = f64x2.splat(nearest);
    bound = f64x2.splat(lambda - nearest);
  }
  return true;
}

/** Makes filter i the nearest event if it is; false when its remaining variance is negative beyond rounding. */
function consider(i: i32): bool {
  const own = load<f64>(at(signs, i));
  const x = load<f64>(at(state, i));
  const m = load<f64>(at(slope, i));
  if (own !== 0) {
    const speed = -own * m;
    const room = max(own * x, 0);
    if (speed <= 0 || room >= nearest * speed) return true;
    nearest = room / speed;
    nearestIndex = i;
    nearestSign = 0;
    return true;
  }
  const up = 1 + m;
  const down = 1 - m;
  let room = max(lambda - x, 0);
  let toward: f64 = 0;
  if (up > PARALLEL && room < nearest * up) {
    toward = 1;
    room /= up;
  }
  const other = max(lambda + x, 0);
  if (down > PARALLEL && other < (toward !== 0 ? room : nearest) * down) {
    toward = -1;
    room = other / down;
  }
  if (toward === 0) return true;
  const left = load<f64>(at(diagonal, i));
  const whole = load<f64>(at(variance, i));
  if (left <= COLLINEAR * whole) {
    if (left < NEGATIVE * whole) return false;
    if (whole > 0) store<i32>(refused + (<usize>i << 2), 1);
    return true;
  }
  nearest = room;
  nearestIndex = i;
  nearestSign = toward;
  return true;
}

/** Marks what lies at the bound at the end of the path and is collinear with the active filters. */
function refuseCollinear(): void {
  for (let i = 0; i < size; i++) {
    const whole = load<f64>(at(variance, i));
    if (load<f64>(at(signs, i)) !== 0 || whole <= 0 || load<f64>(at(diagonal, i)) > COLLINEAR * whole) continue;
    if (abs(load<f64>(at(state, i))) >= lambda * (1 - 1e-9)) store<i32>(refused + (<usize>i << 2), 1);
  }
}

function move(step: f64): void {
  const t = f64x2.splat(step);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    v128.store(state + o, f64x2.add(v128.load(state + o), f64x2.mul(t, v128.load(slope + o))));
  }
}

function join(k: i32, sign: f64): void {
  readColumn(k);
  const d = load<f64>(at(diagonal, k));
  const w = (load<f64>(at(state, k)) - lambda * sign) / d;
  const m = (load<f64>(at(slope, k)) + sign) / d;
  spread(w, m, 1 / d);
  store<f64>(at(state, k), w);
  store<f64>(at(slope, k), m);
  store<f64>(at(signs, k), sign);
  store<i32>(list + (<usize>active << 2), k);
  store<i32>(place + (<usize>k << 2), active);
  active++;
  sweep(k, 1 / d, 1 / d);
}

function drop(k: i32): void {
  readColumn(k);
  const d = load<f64>(at(diagonal, k));
  const sign = load<f64>(at(signs, k));
  const m = load<f64>(at(slope, k)) / d;
  spread(load<f64>(at(state, k)) / d, m, 1 / d);
  store<f64>(at(state, k), lambda * sign);
  store<f64>(at(slope, k), -m - sign);
  store<f64>(at(signs, k), 0);
  active--;
  const moved = load<i32>(list + (<usize>active << 2));
  const hole = load<i32>(place + (<usize>k << 2));
  store<i32>(list + (<usize>hole << 2), moved);
  store<i32>(place + (<usize>moved << 2), hole);
  sweep(k, 1 / d, -1 / d);
}

/** Carries the change of the pivot's coefficient to every other entry, and the pivot's share to the diagonal. */
function spread(w: f64, m: f64, inverse: f64): void {
  const tw = f64x2.splat(w);
  const tm = f64x2.splat(m);
  const ti = f64x2.splat(inverse);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    const v = v128.load(column + o);
    v128.store(state + o, f64x2.sub(v128.load(state + o), f64x2.mul(v, tw)));
    v128.store(slope + o, f64x2.sub(v128.load(slope + o), f64x2.mul(v, tm)));
    v128.store(diagonal + o, f64x2.sub(v128.load(diagonal + o), f64x2.mul(f64x2.mul(v, v), ti)));
  }
}

/** Residual of the active equations relative to lambda, which one correction must bring down. */
const TOLERATED: f64 = 1e-9;
/** Residual that is not worth a correction. */
const NEGLIGIBLE: f64 = 1e-13;

function correct(): void {
  let before = refine();
  if (before <= TOLERATED) return;
  let after = refine();
  if (after <= TOLERATED) return;
  // The swept inverse no longer contracts the residual: sweep it afresh from the Gram matrix.
  rebuild();
  refine();
  refine();
}

/**
 * One step of iterative refinement of w and m on the active filters against the Gram matrix, with q and its slope recomputed.
 * Needs a tableau without waiting updates. Returns the largest residual found, as a share of lambda.
 */
function refine(): f64 {
  memory.fill(residualX, 0, <usize>padded * 8);
  memory.fill(residualM, 0, <usize>padded * 8);
  for (let a = 0; a < active; a += 2) {
    const k = load<i32>(list + (<usize>a << 2));
    const l = a + 1 < active ? load<i32>(list + (<usize>(a + 1) << 2)) : k;
    const both: f64 = a + 1 < active ? 1 : 0;
    addRows(
      gram + <usize>k * stride, load<f64>(at(state, k)), load<f64>(at(slope, k)),
      gram + <usize>l * stride, both * load<f64>(at(state, l)), both * load<f64>(at(slope, l)),
    );
  }
  let worst: f64 = 0;
  let worstSlope: f64 = 0;
  for (let i = 0; i < size; i++) {
    const own = load<f64>(at(signs, i));
    const q = load<f64>(at(correlation, i)) - load<f64>(at(residualX, i));
    const r = load<f64>(at(residualM, i));
    if (own !== 0) {
      store<f64>(at(residualX, i), q - lambda * own);
      store<f64>(at(residualM, i), own - r);
      worst = max(worst, abs(q - lambda * own));
      worstSlope = max(worstSlope, abs(own - r));
    } else {
      store<f64>(at(state, i), q);
      store<f64>(at(slope, i), -r);
      store<f64>(at(residualX, i), 0);
      store<f64>(at(residualM, i), 0);
    }
  }
  if (worst > NEGLIGIBLE * lambda || worstSlope > NEGLIGIBLE) applyTableau();
  return worst / lambda;
}

/** Adds two rows of the Gram matrix, by their coefficients and by their slopes, to residualX and residualM. */
@inline
function addRows(rowA: usize, wA: f64, mA: f64, rowB: usize, wB: f64, mB: f64): void {
  const twA = f64x2.splat(wA), tmA = f64x2.splat(mA);
  const twB = f64x2.splat(wB), tmB = f64x2.splat(mB);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    const a = v128.load(rowA + o);
    const b = v128.load(rowB + o);
    const x = f64x2.add(f64x2.mul(twA, a), f64x2.mul(twB, b));
    const m = f64x2.add(f64x2.mul(tmA, a), f64x2.mul(tmB, b));
    v128.store(residualX + o, f64x2.add(v128.load(residualX + o), x));
    v128.store(residualM + o, f64x2.add(v128.load(residualM + o), m));
  }
}

/** state -= T residualX and slope -= T residualM; the residuals are 0 outside the active filters. */
function applyTableau(): void {
  for (let i = 0; i < size; i++) {
    const row = tableau + <usize>i * stride;
    const isActive = load<f64>(at(signs, i)) !== 0;
    const rx = load<f64>(at(residualX, i));
    const rm = load<f64>(at(residualM, i));
    const own = isActive ? load<f64>(at(diagonal, i)) : 0;
    let sx0 = f64x2(own * rx, 0);
    let sm0 = f64x2(own * rm, 0);
    const even = i & ~1;
    if (isActive) {
      const tx = f64x2.splat(rx);
      const tm = f64x2.splat(rm);
      for (let j = 0; j < even; j += 2) {
        const t = v128.load(at(row, j));
        sx0 = f64x2.add(sx0, f64x2.mul(t, v128.load(at(residualX, j))));
        sm0 = f64x2.add(sm0, f64x2.mul(t, v128.load(at(residualM, j))));
        v128.store(at(state, j), f64x2.sub(v128.load(at(state, j)), f64x2.mul(t, tx)));
        v128.store(at(slope, j), f64x2.sub(v128.load(at(slope, j)), f64x2.mul(t, tm)));
      }
    } else {
      for (let j = 0; j < even; j += 2) {
        const t = v128.load(at(row, j));
        sx0 = f64x2.add(sx0, f64x2.mul(t, v128.load(at(residualX, j))));
        sm0 = f64x2.add(sm0, f64x2.mul(t, v128.load(at(residualM, j))));
      }
    }
    let sx = f64x2.extract_lane(sx0, 0) + f64x2.extract_lane(sx0, 1);
    let sm = f64x2.extract_lane(sm0, 0) + f64x2.extract_lane(sm0, 1);
    if (even < i) {
      const t = load<f64>(at(row, even));
      sx += t * load<f64>(at(residualX, even));
      sm += t * load<f64>(at(residualM, even));
      if (isActive) {
        store<f64>(at(state, even), load<f64>(at(state, even)) - t * rx);
        store<f64>(at(slope, even), load<f64>(at(slope, even)) - t * rm);
      }
    }
    store<f64>(at(state, i), load<f64>(at(state, i)) - sx);
    store<f64>(at(slope, i), load<f64>(at(slope, i)) - sm);
  }
}

/** The tableau of the present active filters, swept anew; w and q stay, the next refinement corrects them. */
function rebuild(): void {
  resetTableau();
  for (let a = 0; a < active; a++) {
    const k = load<i32>(list + (<usize>a << 2));
    readColumn(k);
    const inverse = 1 / max(load<f64>(at(diagonal, k)), 1e-14 * load<f64>(at(variance, k)));
    spread(0, 0, inverse);
    sweep(k, inverse, inverse);
    if (pending === BLOCK) flush();
  }
  flush();
}
