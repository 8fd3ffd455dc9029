import { at, diagonal, stride, tableau } from './tableau';
import { inverseCount, inverseRows, slots } from './inverse';
import { multiply } from './multiply';
import {
  dotRows, filter, hadamard, lambda, norms, ownVariance, packed, product, residual, row, rowCount, rows, step, unit,
  vectorA, vectorB, vectorC, vectorD, vectorE, weight, wide,
} from './state';

/** Share of the penalty's curvature kept along the rows, so that a step stays bounded where collinear rows could trade weight. */
const DAMPING: f64 = 1e-8;

/** step := the Newton direction of the rows with weight, in their order. */
export function findDirection(): void {
  gradient();
  const count = (inverseCount + 3) & ~3;
  multiply(tableau, stride, 0, inverseCount, packed, count, step);
  formHadamard();
  for (let k = 0; k < inverseCount; k++) store<f64>(at(vectorB, k), dotRows(row(unit, k), row(step, k)));
  conjugateGradients();
  for (let k = 0; k < inverseCount; k++) {
    const z = f64x2.splat(load<f64>(at(vectorA, k)));
    for (let o: usize = 0; o < wide; o += 16) {
      v128.store(row(packed, k) + o, f64x2.mul(z, v128.load(row(unit, k) + o)));
    }
  }
  multiply(tableau, stride, 0, inverseCount, packed, count, product);
  for (let o: usize = 0; o < <usize>inverseCount * wide; o += 16) {
    v128.store(step + o, f64x2.add(v128.load(step + o), v128.load(product + o)));
  }
  arrangeStep();
}

/** packed := the negative gradient q - lambda u, unit := u, in the order of the inverse; 0 for a row without weight. */
function gradient(): void {
  const l = f64x2.splat(lambda);
  for (let k = 0; k < inverseCount; k++) {
    const j = filter(inverseRows, k);
    const norm = load<f64>(at(norms, j));
    if (norm === 0) {
      memory.fill(row(packed, k), 0, wide);
      memory.fill(row(unit, k), 0, wide);
      continue;
    }
    const t = f64x2.splat(1 / norm);
    for (let o: usize = 0; o < wide; o += 16) {
      const u = f64x2.mul(t, v128.load(row(weight, j) + o));
      v128.store(row(unit, k) + o, u);
      v128.store(row(packed, k) + o, f64x2.sub(v128.load(row(residual, j) + o), f64x2.mul(l, u)));
    }
  }
}

/** Puts the step into the order of the rows with weight, and gives rows that the inverse lacks one of their own. */
function arrangeStep(): void {
  memory.copy(packed, step, <usize>inverseCount * wide);
  for (let k = 0; k < rowCount; k++) {
    const j = filter(rows, k);
    const slot = load<i32>(slots + (<usize>j << 2));
    if (slot >= 0) {
      memory.copy(row(step, k), row(packed, slot), wide);
      continue;
    }
    const norm = load<f64>(at(norms, j));
    const t = f64x2.splat(1 / (ownVariance(j) + lambda / norm));
    const l = f64x2.splat(lambda / norm);
    for (let o: usize = 0; o < wide; o += 16) {
      const q = f64x2.sub(v128.load(row(residual, j) + o), f64x2.mul(l, v128.load(row(weight, j) + o)));
      v128.store(row(step, k) + o, f64x2.mul(t, q));
    }
  }
}

/** hadamard := diag(|W_j| / lambda) - inverse(M) o (UU'), whole. */
function formHadamard(): void {
  const pitch = <usize>((inverseCount + 1) & ~1) * 8;
  for (let k = 0; k < inverseCount; k++) {
    const u = row(unit, k);
    const to = hadamard + <usize>k * pitch;
    const inverse = tableau + <usize>k * stride;
    for (let i = 0; i < k; i++) {
      const value = -load<f64>(at(inverse, i)) * dotRows(u, row(unit, i));
      store<f64>(at(to, i), value);
      store<f64>(at(hadamard + <usize>i * pitch, k), value);
    }
    const norm = load<f64>(at(norms, filter(inverseRows, k)));
    store<f64>(at(to, k), norm > 0 ? (1 + DAMPING) * norm / lambda - load<f64>(at(inverse, k)) : 1);
    if (inverseCount & 1) store<f64>(at(to, inverseCount), 0);
  }
}

/** vectorA := inverse(hadamard) vectorB, by conjugate gradients with the diagonal as preconditioner. */
function conjugateGradients(): void {
  const pitch = <usize>((inverseCount + 1) & ~1) * 8;
  const x = vectorA, r = vectorB, d = vectorC, h = vectorD, scale = vectorE;
  let energy: f64 = 0;
  for (let k = 0; k < inverseCount; k++) {
    const own = load<f64>(at(hadamard + <usize>k * pitch, k));
    const inverse = 1 / own;
    store<f64>(at(scale, k), inverse);
    store<f64>(at(x, k), 0);
    const value = load<f64>(at(r, k));
    store<f64>(at(d, k), value * inverse);
    energy += value * value * inverse;
  }
  if (inverseCount & 1) store<f64>(at(d, inverseCount), 0);
  const goal = energy * 1e-12;
  for (let n = 0; n < 300 && energy > goal && energy > 0; n++) {
    let curvature: f64 = 0;
    for (let k = 0; k < inverseCount; k++) {
      const from = hadamard + <usize>k * pitch;
      let s0 = f64x2.splat(0);
      for (let o: usize = 0; o < pitch; o += 16) {
        s0 = f64x2.add(s0, f64x2.mul(v128.load(from + o), v128.load(d + o)));
      }
      const value = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
      store<f64>(at(h, k), value);
      curvature += value * load<f64>(at(d, k));
    }
    if (!(curvature > 0)) return;
    const alpha = energy / curvature;
    let next: f64 = 0;
    for (let k = 0; k < inverseCount; k++) {
      store<f64>(at(x, k), load<f64>(at(x, k)) + alpha * load<f64>(at(d, k)));
      const value = load<f64>(at(r, k)) - alpha * load<f64>(at(h, k));
      store<f64>(at(r, k), value);
      next += value * value * load<f64>(at(scale, k));
    }
    const beta = next / energy;
    energy = next;
    for (let k = 0; k < inverseCount; k++) {
      store<f64>(at(d, k), load<f64>(at(r, k)) * load<f64>(at(scale, k)) + beta * load<f64>(at(d, k)));
    }
  }
}
