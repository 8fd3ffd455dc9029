// The lasso path by homotopy on a symmetric sweep tableau.
//
// With A the active filters, s their signs and q = c - Gw, the tableau of the Gram matrix swept on A is
//   T_AA = -inverse(G_AA),   T_IA = G_IA inverse(G_AA),   T_II = G_II - G_IA inverse(G_AA) G_AI.
// One vector x holds w on A and q elsewhere, one vector m its change per unit by which lambda falls. A knot is one sweep: the
// symmetric rank-1 update T -= v v'/d (homotopy/tableau.ts). Every few blocks of them x and m are corrected against the original
// Gram matrix (one step of iterative refinement), so rounding does not pile up along the path.

import { correct, layoutCorrection } from './homotopy/correct';
import { findEvent, layoutEvents, nearest, nearestIndex, nearestSign, refuseCollinear, refused } from './homotopy/event';
import { drop, join } from './homotopy/pivot';
import {
  active, correlation, deactivateAll, filterAt, gram, lambda, layoutState, list, padded, resetOrder, resetTableau,
  setLambda, settleActive, size, slope, state, stride, variance,
} from './homotopy/state';
import { BLOCK, at, flush, pending } from './homotopy/tableau';
import { allocate, free, startAt } from './shared/memory';
import { isSymmetric } from './shared/symmetry';

export const DONE: i32 = 0;
export const FULL: i32 = 1;
export const STALLED: i32 = 2;
export const INDEFINITE: i32 = 3;

let stalled: i32 = 0;
let due: i32 = BLOCK;
/** Blocks of updates from one correction to the next where x and m hardly stray, and those since the last. */
let patience: i32 = 1;
let uncorrected: i32 = 0;
let steady: bool = false;
let eventCapacity: i32 = 0;
let valueCapacity: i32 = 0;
let eventCount: i32 = 0;
let valueCount: i32 = 0;
let eventLambda: usize = 0;
let eventIndex: usize = 0;
let eventKind: usize = 0;
let values: usize = 0;

/** Lays out the memory from `base` for p filters and buffers of that many knots and coefficients; returns the first free byte. */
export function layout(base: usize, p: i32, knots: i32, coefficients: i32): usize {
  // A small problem has few knots in all: correct it more often, at no cost that counts.
  due = p < 128 ? 4 : BLOCK;
  patience = p < 128 ? 1 : 3;
  eventCapacity = knots;
  valueCapacity = coefficients;
  startAt(base);
  layoutState(p);
  layoutEvents();
  layoutCorrection();
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

/** Whether the Gram matrix in place is symmetric, see isSymmetric. */
export function symmetric(tolerance: f64, bound: f64): bool {
  return isSymmetric(gram, stride, padded, tolerance, bound);
}

/** Starts at lambda = max |c| with nothing active; G (whole, symmetric) and c are in place. `constant`: variance that counts as none. */
export function begin(start: f64, constant: f64): void {
  setLambda(start);
  stalled = 0;
  for (let i = 0; i < padded; i++) {
    const own = load<f64>(gram + <usize>i * stride + (<usize>i << 3));
    store<f64>(at(variance, i), own > constant ? own : 0);
    store<i32>(refused + (<usize>i << 2), 0);
  }
  memory.copy(state, correlation, <usize>padded * 8);
  memory.fill(slope, 0, <usize>padded * 8);
  deactivateAll();
  resetOrder();
  resetTableau();
  uncorrected = 0;
  steady = false;
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

/** Follows the path down to `last` or until a buffer is full. Kinds recorded: 1 and -1 a join with that sign, 2 a drop, 0 the end. */
export function advance(last: f64): i32 {
  while (true) {
    if (eventCount >= eventCapacity || valueCount + active + 1 > valueCapacity) return FULL;
    if (!findEvent(lambda - last)) return INDEFINITE;
    move(nearest);
    if (nearestIndex < 0) {
      setLambda(last);
      refuseCollinear();
      record(-1, 0);
      return DONE;
    }
    stalled = nearest > 1e-14 * lambda ? 0 : stalled + 1;
    if (stalled > 4 * size + 64) return STALLED;
    setLambda(lambda - nearest);
    const index = nearestIndex;
    const filter = filterAt(index);
    const sign = nearestSign;
    if (sign !== 0) join(index, sign);
    else drop(index);
    record(filter, sign === 0 ? 2 : <i32>sign);
    if (pending >= due) {
      flush();
      uncorrected++;
      if (!steady || uncorrected >= patience) {
        steady = correct();
        uncorrected = 0;
      }
      settleActive();
    }
  }
}

function move(step: f64): void {
  const t = f64x2.splat(step);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    v128.store(state + o, f64x2.add(v128.load(state + o), f64x2.mul(t, v128.load(slope + o))));
  }
}
