// The L2,1 lasso at one lambda: minimise 1/2 tr(yy - 2 C'W + W'GW) + lambda sum_j |W_j| over W, p x T, row j for filter j.
//
// Solutions change little from lambda to lambda: the last ones are continued, and a few steps of descent under a factor that
// serves for many lambdas (group/descent.ts) do the rest. Where these come to nothing, on filters that are nearly or wholly
// linear combinations of others, block coordinate descent finds which rows are 0 and Newton's method the others. With
// u_j = W_j/|W_j| and D = diag(1/|W_j|), the second derivative is
//   M (x) I - lambda sum_j (1/|W_j|) (e_j e_j') (x) (u_j u_j'),   M = G + lambda D,
// so by Woodbury's formula one step costs the inverse of M, whose size is the number of rows and not rows times targets, and
// one system of the same size, S = diag(|W_j|/lambda) - inverse(M) o (UU').

import { stepBorder } from './group/border';
import { descendTogether, layoutDescent, leapTogether, restart, updateResidual } from './group/descent';
import { clearFactor, layoutFactor } from './group/factor';
import { layoutInverse, markStale } from './group/inverse';
import { minimumOfRow } from './group/minimum';
import { clipped, newton } from './group/newton';
import { predict } from './group/predict';
import { clearSlots, layoutSlots } from './group/slots';
import { free } from './shared/memory';
import { at } from './group/tableau';
import {
  beginState, change, constant, correlation, dotRows, filter, gram, gramRow, lambda, layoutState, listRows, norms,
  ownVariance, padded, predicted, residual, row, rowCount, rows, setLambda, size, step, weight, wide, working, yy,
} from './group/state';

/** Steps of descent at one lambda before Newton's method is tried. */
const STEPS: i32 = 20;
/** Steps from one residual worked out from W alone to the next. */
const REFRESH: i32 = 8;
/** So many steps call for a new factor at the next lambda. */
const TIRED: i32 = 10;
/** Tolerance of the gap from which on solutions are exact enough to continue them on a parabola. */
const EXACT: f64 = 1e-7;
/** Epochs of block coordinate descent between Newton steps. */
const EPOCHS: i32 = 2;
/** A step with an old inverse that leaves more than this share of the violation calls for a new one. */
const STALE: f64 = 0.05;
/** Rounds after which another way down is tried, from W = 0. */
const RESTART: i32 = 80;
/** Epochs when a Newton step was refused. */
const EPOCHS_ALONE: i32 = 20;

let tired: bool = true;
/** Steps of descent that are worth trying: fewer after they came to nothing. */
let trusted: i32 = STEPS;
let workingCount: i32 = 0;
let gap: f64 = 0;
let violation: f64 = 0;

/** Lays out the memory from `base` for p filters and T targets; returns the first free byte. */
export function layout(base: usize, p: i32, targets: i32): usize {
  layoutState(base, p, targets);
  layoutInverse();
  layoutSlots();
  layoutFactor();
  layoutDescent();
  return free();
}

export function gramPointer(): usize { return gram; }
export function gramStride(): usize { return gramRow; }
export function correlationPointer(): usize { return correlation; }
export function weightPointer(): usize { return weight; }
export function lastGap(): f64 { return gap; }
export function lastViolation(): f64 { return violation; }

/** Starts with W = 0; G (whole) and C (rows of T rounded up to 4) are in place. `least`: variance that counts as none. */
export function begin(total: f64, least: f64): void {
  beginState(total, least);
  markStale();
  clearSlots();
  clearFactor();
  tired = true;
  trusted = STEPS;
}

/**
 * Solves at `next`, from the last solutions continued (see predict). Returns the rounds used, at most `maxRounds`; the gap and
 * the largest violation of the conditions are read afterwards.
 */
export function solve(
  next: f64, reach: f64, second: f64, third: f64, tolerance: f64, violationTolerance: f64, maxRounds: i32,
): i32 {
  setLambda(next);
  predict(reach, second, tolerance < EXACT ? third : 0);
  if (tired) {
    clearSlots();
    clearFactor();
  }
  restart(tired);
  memory.copy(predicted, weight, <usize>padded * wide);
  let round = 0;
  listRows();
  certify();
  if (gap > tolerance * yy || violation > violationTolerance) {
    stepBorder();
    if (leapTogether()) round++;
  }
  // From here on residuals are those of W itself.
  updateResidual();
  certify();
  const most = min(trusted, maxRounds);
  while ((gap > tolerance * yy || violation > violationTolerance) && round < most) {
    stepBorder();
    if (!descendTogether()) break;
    round++;
    if (round % REFRESH === 0) updateResidual();
    else listRows();
    certify();
  }
  tired = round >= TIRED;
  const done = gap <= tolerance * yy && violation <= violationTolerance;
  trusted = done ? min(2 * trusted, STEPS) : max(trusted >> 1, 1);
  if (done) return round;
  // Newton's method does better from where all began: among collinear rows half a descent leaves weights that it must turn.
  memory.copy(weight, predicted, <usize>padded * wide);
  updateResidual();
  certify();
  let alone = 0;
  while ((gap > tolerance * yy || violation > violationTolerance) && round < maxRounds) {
    const before = violation;
    chooseWorking();
    // Descent decides which rows are 0; while that is settled, Newton alone is faster.
    const unsettled = workingCount > rowCount || alone > 0;
    if (unsettled) {
      for (let e = 0; e < EPOCHS + alone; e++) descend();
    }
    const fell = newton();
    alone = fell ? 0 : EPOCHS_ALONE;
    if (clipped > 0) descend();
    // Descent keeps the residuals of its own rows only, and rounding gathers in one that is only ever updated.
    if (unsettled || clipped > 0 || round % 8 === 7) updateResidual();
    listRows();
    certify();
    if (!fell || violation > STALE * before) markStale();
    round++;
    if (round % RESTART === 0 && (gap > tolerance * yy || violation > violationTolerance)) {
      memory.fill(weight, 0, <usize>padded * wide);
      updateResidual();
      certify();
    }
  }
  return round;
}

/** Duality gap and violation of the conditions; needs listRows and updateResidual. */
function certify(): void {
  let explained: f64 = 0;
  let inner: f64 = 0;
  let penalty: f64 = 0;
  let steepest: f64 = 0;
  violation = 0;
  for (let j = 0; j < size; j++) {
    const q = row(residual, j);
    const length = sqrt(dotRows(q, q));
    steepest = max(steepest, length);
    const norm = load<f64>(at(norms, j));
    if (norm === 0) {
      violation = max(violation, length - lambda);
      continue;
    }
    const w = row(weight, j);
    const along = dotRows(w, q);
    explained += dotRows(w, row(correlation, j));
    inner += along;
    penalty += norm;
    const t = f64x2.splat(lambda / norm);
    let off = f64x2.splat(0);
    for (let o: usize = 0; o < wide; o += 16) {
      const d = f64x2.sub(v128.load(q + o), f64x2.mul(t, v128.load(w + o)));
      off = f64x2.add(off, f64x2.mul(d, d));
    }
    violation = max(violation, sqrt(f64x2.extract_lane(off, 0) + f64x2.extract_lane(off, 1)));
  }
  const rss = yy - explained - inner;
  const s = steepest > lambda ? lambda / steepest : 1;
  gap = 0.5 * rss + lambda * penalty - (s * (yy - explained) - 0.5 * s * s * rss);
}

/** The rows with weight and those that ask for some. */
function chooseWorking(): void {
  workingCount = 0;
  for (let j = 0; j < size; j++) {
    if (ownVariance(j) <= constant) continue;
    const q = row(residual, j);
    if (load<f64>(at(norms, j)) === 0 && sqrt(dotRows(q, q)) <= lambda) continue;
    store<i32>(working + (<usize>workingCount << 2), j);
    workingCount++;
  }
}

/** One epoch of block coordinate descent on the working rows, their residuals kept current. */
function descend(): void {
  for (let s = 0; s < workingCount; s++) {
    const j = filter(working, s);
    const w = row(weight, j);
    const shrink = minimumOfRow(j, ownVariance(j));
    let moved: f64 = 0;
    for (let o: usize = 0; o < wide; o += 8) {
      const fresh = load<f64>(change + o) * shrink;
      const d = fresh - load<f64>(w + o);
      moved = max(moved, abs(d));
      store<f64>(w + o, fresh);
      store<f64>(change + o, d);
    }
    if (moved === 0) continue;
    const g = gram + <usize>j * gramRow;
    for (let k = 0; k < workingCount; k++) {
      const i = filter(working, k);
      const c = v128.load64_splat(g + (<usize>i << 3));
      const to = row(residual, i);
      for (let o: usize = 0; o < wide; o += 16) {
        v128.store(to + o, f64x2.sub(v128.load(to + o), f64x2.mul(c, v128.load(change + o))));
      }
    }
  }
}
