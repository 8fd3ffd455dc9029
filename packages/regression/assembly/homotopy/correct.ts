import { BLOCK, at, diagonal, flush, pending, readColumn, stride, sweep, tableau } from '../shared/tableau';
import { spread } from './pivot';
import {
  active, correlation, gram, lambda, list, padded, resetTableau, residualM, residualX, signs, size, slope, state,
  variance,
} from './state';

/** Residual of the active equations relative to lambda, which one correction must bring down. */
const TOLERATED: f64 = 1e-9;
/** Residual that is not worth a correction. */
const NEGLIGIBLE: f64 = 1e-12;

/** Brings x and m back to the equations of the Gram matrix; needs a tableau without waiting updates. */
export function correct(): void {
  const before = refine();
  if (before <= TOLERATED) return;
  const after = refine();
  if (after <= TOLERATED) return;
  // The swept inverse no longer contracts the residual: sweep it afresh from the Gram matrix.
  rebuild();
  refine();
  refine();
}

/**
 * One step of iterative refinement of w and m on the active filters against the Gram matrix, with q and its slope recomputed.
 * Returns the largest residual found, as a share of lambda.
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
