import { allocate } from '../shared/memory';
import { multiply } from './multiply';
import { spread } from './pivot';
import {
  active, correlation, filterAt, gram, lambda, list, padded, resetTableau, signs, size, slope, state, stride, variance,
} from './state';
import { BLOCK, at, diagonal, flush, pending, readColumn, sweep } from './tableau';

/** Residual of the active equations relative to lambda, which one correction must bring down. */
const TOLERATED: f64 = 1e-9;
/** Residual that is not worth a correction. */
const NEGLIGIBLE: f64 = 1e-11;

/** G w and G m by filter, and the residuals and corrections that they leave by position. */
let productX: usize = 0;
let productM: usize = 0;
let residualX: usize = 0;
let residualM: usize = 0;
let changeX: usize = 0;
let changeM: usize = 0;

export function layoutCorrection(): void {
  const vector = <usize>padded * 8;
  productX = allocate(vector);
  productM = allocate(vector);
  residualX = allocate(vector);
  residualM = allocate(vector);
  changeX = allocate(vector);
  changeM = allocate(vector);
}

/**
 * Brings x and m back to the equations of the Gram matrix; needs a tableau without waiting updates. Returns whether they had
 * hardly strayed, so that the next correction can wait longer.
 */
export function correct(): bool {
  const before = refine();
  if (before <= TOLERATED) return before <= NEGLIGIBLE;
  const after = refine();
  if (after <= TOLERATED) return false;
  // The swept inverse no longer contracts the residual: sweep it afresh from the Gram matrix.
  rebuild();
  refine();
  refine();
  return false;
}

/**
 * One step of iterative refinement of w and m on the active filters against the Gram matrix, with q and its slope recomputed.
 * Returns the largest residual found, as a share of lambda.
 */
function refine(): f64 {
  memory.fill(productX, 0, <usize>padded * 8);
  memory.fill(productM, 0, <usize>padded * 8);
  for (let a = 0; a < active; a += 2) {
    const k = load<i32>(list + (<usize>a << 2));
    const l = a + 1 < active ? load<i32>(list + (<usize>(a + 1) << 2)) : k;
    const both: f64 = a + 1 < active ? 1 : 0;
    addRows(
      gram + <usize>filterAt(k) * stride, load<f64>(at(state, k)), load<f64>(at(slope, k)),
      gram + <usize>filterAt(l) * stride, both * load<f64>(at(state, l)), both * load<f64>(at(slope, l)),
    );
  }
  let worst: f64 = 0;
  let worstSlope: f64 = 0;
  for (let i = 0; i < padded; i++) {
    const own = load<f64>(at(signs, i));
    const filter = filterAt(i);
    const q = load<f64>(at(correlation, i)) - load<f64>(at(productX, filter));
    const r = load<f64>(at(productM, filter));
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

/** Adds two rows of the Gram matrix, by their coefficients and by their slopes, to productX and productM. */
@inline
function addRows(rowA: usize, wA: f64, mA: f64, rowB: usize, wB: f64, mB: f64): void {
  const twA = f64x2.splat(wA), tmA = f64x2.splat(mA);
  const twB = f64x2.splat(wB), tmB = f64x2.splat(mB);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    const a = v128.load(rowA + o);
    const b = v128.load(rowB + o);
    const x = f64x2.add(f64x2.mul(twA, a), f64x2.mul(twB, b));
    const m = f64x2.add(f64x2.mul(tmA, a), f64x2.mul(tmB, b));
    v128.store(productX + o, f64x2.add(v128.load(productX + o), x));
    v128.store(productM + o, f64x2.add(v128.load(productM + o), m));
  }
}

/** state -= T residualX and slope -= T residualM; the residuals are 0 outside the active filters. */
function applyTableau(): void {
  memory.fill(changeX, 0, <usize>padded * 8);
  memory.fill(changeM, 0, <usize>padded * 8);
  multiply(residualX, residualM, changeX, changeM);
  for (let i = 0; i < size; i++) {
    store<f64>(at(state, i), load<f64>(at(state, i)) - load<f64>(at(changeX, i)));
    store<f64>(at(slope, i), load<f64>(at(slope, i)) - load<f64>(at(changeM, i)));
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
