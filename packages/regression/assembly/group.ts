// The L2,1 lasso at one lambda: minimise 1/2 tr(yy - 2 C'W + W'GW) + lambda sum_j |W_j| over W, p x T, row j for filter j.
//
// Block coordinate descent finds which rows are 0; Newton's method finds the others, where plain descent would need thousands
// of sweeps on nearly collinear filters. With u_j = W_j/|W_j| and D = diag(1/|W_j|), the second derivative is
//   M (x) I - lambda sum_j (1/|W_j|) (e_j e_j') (x) (u_j u_j'),   M = G + lambda D,
// so by Woodbury's formula one step costs the inverse of M, whose size is the number of rows and not rows times targets, and
// one system of the same size, S = diag(|W_j|/lambda) - inverse(M) o (UU').

import { allocate, free, startAt } from './shared/memory';
import { at, BLOCK, diagonal, flush, layoutTableau, pending, readColumn, column, startTableau, stride, sweep, tableau } from './shared/tableau';

/** Epochs of block coordinate descent between Newton steps. */
const EPOCHS: i32 = 2;
/** A step with an old inverse that leaves more than this share of the violation calls for a new one. */
const STALE: f64 = 0.05;
/** Times that a Newton step is halved before it is refused. */
const HALVINGS: i32 = 8;
/** Times that a Newton step sets rows to 0 and begins again. */
const PASSES: i32 = 12;
/** Rounds after which another way down is tried, from W = 0. */
const RESTART: i32 = 80;
/** Share of the penalty's curvature kept along the rows, so that a step stays bounded where collinear rows could trade weight. */
const DAMPING: f64 = 1e-8;
/** Rows set to 0 one by one after a refused Newton step, at most. */
const FACES: i32 = 64;
/** A row is carried through 0 when this share of its squared length is the most that is left at the nearest point. */
const NEAR: f64 = 0.25;
/** Epochs when a Newton step was refused. */
const EPOCHS_ALONE: i32 = 20;

let size: i32 = 0;
let padded: i32 = 0;
/** Targets rounded up to a multiple of 4, and the bytes of a row of that many. */
let lanes: i32 = 0;
let wide: usize = 0;
let gramRow: usize = 0;
let yy: f64 = 0;
let lambda: f64 = 0;
let constant: f64 = 0;

let gram: usize = 0;
let correlation: usize = 0;
let weight: usize = 0;
let earlier: usize = 0;
let residual: usize = 0;
let hadamard: usize = 0;
let norms: usize = 0;
let working: usize = 0;
let rows: usize = 0;
let workingCount: i32 = 0;
let rowCount: i32 = 0;
let packed: usize = 0;
let product: usize = 0;
let step: usize = 0;
let unit: usize = 0;
let savedWeight: usize = 0;
let savedResidual: usize = 0;
let vectorA: usize = 0;
let vectorB: usize = 0;
let vectorC: usize = 0;
let vectorD: usize = 0;
let vectorE: usize = 0;
let change: usize = 0;

let gap: f64 = 0;
let violation: f64 = 0;
/** Rows that the last Newton step stopped at 0. */
let clipped: i32 = 0;
/** The rows of the inverse, each filter's place among them or -1, and whether it is out of date. */
let inverseRows: usize = 0;
let inverseCount: i32 = 0;
let slots: usize = 0;
let stale: bool = true;
let inversions: i32 = 0;

/** Lays out the memory from `base` for p filters and T targets; returns the first free byte. */
export function layout(base: usize, p: i32, targets: i32): usize {
  size = p;
  padded = (p + 3) & ~3;
  lanes = (targets + 3) & ~3;
  wide = <usize>lanes * 8;
  gramRow = <usize>padded * 8 + 64;
  startAt(base);
  const vector = <usize>padded * 8;
  const matrix = <usize>padded * wide;
  gram = allocate(<usize>padded * gramRow);
  layoutTableau(p);
  hadamard = allocate(<usize>padded * vector);
  correlation = allocate(matrix);
  weight = allocate(matrix);
  earlier = allocate(matrix);
  residual = allocate(matrix);
  packed = allocate(matrix);
  product = allocate(matrix);
  step = allocate(matrix);
  unit = allocate(matrix);
  savedWeight = allocate(matrix);
  savedResidual = allocate(matrix);
  norms = allocate(vector);
  vectorA = allocate(vector);
  vectorB = allocate(vector);
  vectorC = allocate(vector);
  vectorD = allocate(vector);
  vectorE = allocate(vector);
  change = allocate(wide);
  working = allocate(<usize>padded * 4);
  rows = allocate(<usize>padded * 4);
  inverseRows = allocate(<usize>padded * 4);
  slots = allocate(<usize>padded * 4);
  return free();
}

export function gramPointer(): usize { return gram; }
export function gramStride(): usize { return gramRow; }
export function correlationPointer(): usize { return correlation; }
export function weightPointer(): usize { return weight; }
export function lastGap(): f64 { return gap; }
export function lastViolation(): f64 { return violation; }
export function inversionCount(): i32 { return inversions; }

/** Starts with W = 0; G (whole) and C (rows of T rounded up to 4) are in place. `least`: variance that counts as none. */
export function begin(total: f64, least: f64): void {
  yy = total;
  constant = least;
  memory.fill(weight, 0, <usize>padded * wide);
  memory.fill(earlier, 0, <usize>padded * wide);
  stale = true;
  inverseCount = 0;
  inversions = 0;
}

@inline
function filter(list: usize, k: i32): i32 {
  return load<i32>(list + (<usize>k << 2));
}

@inline
function row(matrix: usize, i: i32): usize {
  return matrix + <usize>i * wide;
}

@inline
function ownVariance(j: i32): f64 {
  return load<f64>(gram + <usize>j * gramRow + (<usize>j << 3));
}

@inline
function dotRows(a: usize, b: usize): f64 {
  let s = f64x2.splat(0);
  for (let o: usize = 0; o < wide; o += 16) s = f64x2.add(s, f64x2.mul(v128.load(a + o), v128.load(b + o)));
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/**
 * Solves at `next`, from the last solution moved on along the path by `reach` times the last change. Returns the rounds used;
 * the gap and the largest violation of the conditions are read afterwards.
 */
export function solve(next: f64, reach: f64, tolerance: f64, violationTolerance: f64, maxRounds: i32): i32 {
  lambda = next;
  predict(reach);
  updateResidual();
  certify();
  let alone = 0;
  let round = 0;
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
    stale = !fell || violation > STALE * before;
    round++;
    if (round % RESTART === 0 && (gap > tolerance * yy || violation > violationTolerance)) {
      memory.fill(weight, 0, <usize>padded * wide);
      updateResidual();
      certify();
    }
  }
  return round;
}

/** W := W + reach (W - earlier W) where a row was and stays away from 0. */
function predict(reach: f64): void {
  for (let j = 0; j < size; j++) {
    const w = row(weight, j);
    const old = row(earlier, j);
    const both = reach > 0 && dotRows(w, w) > 0 && dotRows(old, old) > 0;
    let keep: f64 = 0;
    if (both) {
      const ww = dotRows(w, w);
      keep = (1 + reach) * ww - reach * dotRows(w, old) > 0.1 * ww ? reach : 0;
    }
    const t = f64x2.splat(keep);
    for (let o: usize = 0; o < wide; o += 16) {
      const now = v128.load(w + o);
      const before = v128.load(old + o);
      v128.store(old + o, now);
      v128.store(w + o, f64x2.add(now, f64x2.mul(t, f64x2.sub(now, before))));
    }
  }
}

function listRows(): void {
  rowCount = 0;
  for (let j = 0; j < size; j++) {
    const w = row(weight, j);
    const square = dotRows(w, w);
    store<f64>(at(norms, j), sqrt(square));
    if (square === 0) continue;
    store<i32>(rows + (<usize>rowCount << 2), j);
    rowCount++;
  }
}

/** Copies the listed rows of a matrix one after another. */
function packRows(matrix: usize, list: usize, count: i32, into: usize): void {
  for (let k = 0; k < count; k++) memory.copy(row(into, k), row(matrix, filter(list, k)), wide);
}

/**
 * out (outRows x T) := A' B for B of `count` rows at `b`; row k of A begins at matrix + k's filter x pitch (or k x pitch when
 * `list` is 0), and its columns are the rows of the result. Four rows and four targets at a time.
 */
function multiply(matrix: usize, pitch: usize, list: usize, count: i32, b: usize, outRows: i32, out: usize): void {
  for (let i = 0; i < outRows; i += 4) {
    const left = matrix + (<usize>i << 3);
    for (let t: usize = 0; t < wide; t += 32) {
      let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
      let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
      let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
      let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
      let from = b + t;
      for (let k = 0; k < count; k++) {
        const a = left + <usize>(list ? filter(list, k) : k) * pitch;
        const b0 = v128.load(from);
        const b1 = v128.load(from, 16);
        const a0 = v128.load64_splat(a);
        c00 = f64x2.add(c00, f64x2.mul(a0, b0));
        c01 = f64x2.add(c01, f64x2.mul(a0, b1));
        const a1 = v128.load64_splat(a, 8);
        c10 = f64x2.add(c10, f64x2.mul(a1, b0));
        c11 = f64x2.add(c11, f64x2.mul(a1, b1));
        const a2 = v128.load64_splat(a, 16);
        c20 = f64x2.add(c20, f64x2.mul(a2, b0));
        c21 = f64x2.add(c21, f64x2.mul(a2, b1));
        const a3 = v128.load64_splat(a, 24);
        c30 = f64x2.add(c30, f64x2.mul(a3, b0));
        c31 = f64x2.add(c31, f64x2.mul(a3, b1));
        from += wide;
      }
      let to = row(out, i) + t;
      v128.store(to, c00);
      v128.store(to, c01, 16);
      to += wide;
      v128.store(to, c10);
      v128.store(to, c11, 16);
      to += wide;
      v128.store(to, c20);
      v128.store(to, c21, 16);
      to += wide;
      v128.store(to, c30);
      v128.store(to, c31, 16);
    }
  }
}

/** residual := C - G W. */
function updateResidual(): void {
  listRows();
  packRows(weight, rows, rowCount, packed);
  multiply(gram, gramRow, rows, rowCount, packed, padded, product);
  for (let o: usize = 0; o < <usize>padded * wide; o += 16) {
    v128.store(residual + o, f64x2.sub(v128.load(correlation + o), v128.load(product + o)));
  }
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
    const q = row(residual, j);
    const own = ownVariance(j);
    let square: f64 = 0;
    for (let o: usize = 0; o < wide; o += 8) {
      const z = load<f64>(q + o) + own * load<f64>(w + o);
      store<f64>(change + o, z);
      square += z * z;
    }
    const length = sqrt(square);
    const shrink = length <= lambda ? 0 : (1 - lambda / length) / own;
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

/**
 * One damped Newton step on the rows with weight; false when it does not lower the objective. A row that the step would carry
 * through 0 is set to 0 and more steps are taken by the others until the objective is lower than at the start, since nearly
 * collinear rows lean on each other: stopping some without turning the rest is no descent. The inverse of M is kept from step to step while it serves: rows that came since
 * then are stepped by their own curvature alone.
 */
function newton(): bool {
  listRows();
  clipped = 0;
  if (rowCount === 0) return true;
  memory.copy(savedWeight, weight, <usize>padded * wide);
  memory.copy(savedResidual, residual, <usize>padded * wide);
  let fall: f64 = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    if (stale || freshRows() * 8 > rowCount) invertShifted();
    findDirection();
    const stopped = stopCrossing();
    const t = stopped ? 1 : lineSearch();
    if (t === 0) break;
    fall += fallAlong(t);
    apply(t);
    // Near the minimum the fall is rounding itself: what does not rise is taken.
    if (!stopped && fall >= -1e-15 * yy) return true;
    listRows();
    stale = true;
    if (rowCount === 0) break;
  }
  memory.copy(weight, savedWeight, <usize>padded * wide);
  memory.copy(residual, savedResidual, <usize>padded * wide);
  listRows();
  return descendFace();
}

/**
 * The careful way down, for rows that lean on each other: along the Newton direction only as far as the first row that comes
 * near 0, which is then set to 0, and so on until a whole step is taken. The objective falls every time.
 */
function descendFace(): bool {
  let total: f64 = 0;
  for (let pass = 0; pass < FACES && rowCount > 0; pass++) {
    invertShifted();
    findDirection();
    multiply(gram, gramRow, rows, rowCount, step, padded, product);
    let t: f64 = 1;
    let nearest = -1;
    for (let k = 0; k < rowCount; k++) {
      const w = row(weight, filter(rows, k));
      const d = row(step, k);
      const norm = load<f64>(at(norms, filter(rows, k)));
      const along = dotRows(w, d);
      const square = dotRows(d, d);
      if (along >= 0 || -along >= t * square) continue;
      if (norm * norm - along * along / square > NEAR * norm * norm) continue;
      t = -along / square;
      nearest = k;
    }
    let fall = fallAlong(t);
    if (fall < -1e-15 * yy) {
      t = lineSearch();
      nearest = -1;
      fall = fallAlong(t);
      if (!(fall > 0)) break;
    }
    apply(t);
    total += fall;
    if (nearest < 0) {
      listRows();
      if (t === 1 || fall < 1e-3 * total) break;
      continue;
    }
    const j = filter(rows, nearest);
    listRows();
    memory.fill(step, 0, <usize>rowCount * wide);
    for (let k = 0; k < rowCount; k++) {
      if (filter(rows, k) !== j) continue;
      for (let o: usize = 0; o < wide; o += 16) v128.store(row(step, k) + o, f64x2.neg(v128.load(row(weight, j) + o)));
    }
    multiply(gram, gramRow, rows, rowCount, step, padded, product);
    const rise = fallAlong(1);
    if (total + rise < 0) continue;
    apply(1);
    total += rise;
    listRows();
  }
  stale = true;
  return total > 0;
}

/** step := the Newton direction of the rows with weight, in their order. */
function findDirection(): void {
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

/** Rows with weight that the inverse does not have. */
function freshRows(): i32 {
  let fresh = 0;
  for (let k = 0; k < rowCount; k++) if (load<i32>(slots + (<usize>filter(rows, k) << 2)) < 0) fresh++;
  return fresh;
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

/** tableau := inverse(G + lambda D) on the rows with weight, whole. */
function invertShifted(): void {
  stale = false;
  inversions++;
  inverseCount = rowCount;
  memory.copy(inverseRows, rows, <usize>rowCount * 4);
  memory.fill(slots, 255, <usize>padded * 4);
  for (let k = 0; k < rowCount; k++) store<i32>(slots + (<usize>filter(rows, k) << 2), k);
  startTableau(rowCount);
  const count = (rowCount + 3) & ~3;
  for (let k = 0; k < count; k++) {
    const to = tableau + <usize>k * stride;
    memory.fill(to, 0, stride);
    if (k >= rowCount) {
      store<f64>(at(diagonal, k), 0);
      continue;
    }
    const j = filter(rows, k);
    const from = gram + <usize>j * gramRow;
    for (let i = 0; i < k; i++) store<f64>(at(to, i), load<f64>(at(from, filter(rows, i))));
    store<f64>(at(diagonal, k), load<f64>(at(from, j)) + lambda / load<f64>(at(norms, j)));
  }
  for (let k = 0; k < rowCount; k++) {
    readColumn(k);
    const inverse = 1 / load<f64>(at(diagonal, k));
    const t = f64x2.splat(inverse);
    for (let o: usize = 0; o < <usize>count * 8; o += 16) {
      const v = v128.load(column + o);
      v128.store(diagonal + o, f64x2.sub(v128.load(diagonal + o), f64x2.mul(f64x2.mul(v, v), t)));
    }
    sweep(k, inverse, inverse);
    if (pending === BLOCK) flush();
  }
  flush();
  for (let k = 0; k < rowCount; k++) {
    const to = tableau + <usize>k * stride;
    for (let i = 0; i < k; i++) {
      const value = -load<f64>(at(to, i));
      store<f64>(at(to, i), value);
      store<f64>(at(tableau + <usize>i * stride, k), value);
    }
    store<f64>(at(to, k), -load<f64>(at(diagonal, k)));
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

/** When the step carries rows through 0, makes it the step that sets those to 0 and leaves the others. */
function stopCrossing(): bool {
  let crossing = 0;
  for (let k = 0; k < rowCount; k++) {
    const norm = load<f64>(at(norms, filter(rows, k)));
    if (dotRows(row(weight, filter(rows, k)), row(step, k)) <= -norm * norm) crossing++;
  }
  clipped += crossing;
  if (crossing > 0) {
    for (let k = 0; k < rowCount; k++) {
      const w = row(weight, filter(rows, k));
      const d = row(step, k);
      const norm = load<f64>(at(norms, filter(rows, k)));
      const stops = dotRows(w, d) <= -norm * norm;
      for (let o: usize = 0; o < wide; o += 16) {
        v128.store(d + o, stops ? f64x2.neg(v128.load(w + o)) : f64x2.splat(0));
      }
    }
  }
  // product := G step on every filter, so that the residual follows without another product.
  multiply(gram, gramRow, rows, rowCount, step, padded, product);
  return crossing > 0;
}

/** By how much the objective falls when W moves by t times `step`, whose product with G is at hand. */
function fallAlong(t: f64): f64 {
  let linear: f64 = 0;
  let square: f64 = 0;
  let longer: f64 = 0;
  for (let k = 0; k < rowCount; k++) {
    const j = filter(rows, k);
    const d = row(step, k);
    linear += dotRows(d, row(residual, j));
    square += dotRows(d, row(product, j));
    const norm = load<f64>(at(norms, j));
    const more = t * (2 * dotRows(row(weight, j), d) + t * dotRows(d, d));
    // |w + td| - |w| without the cancellation of the difference.
    longer += more / (sqrt(max(norm * norm + more, 0)) + norm);
  }
  return t * linear - 0.5 * t * t * square - lambda * longer;
}

/** The share of the step, 1 or a half, a quarter of it, at which the objective falls; 0 when it never does. */
function lineSearch(): f64 {
  let t: f64 = 1;
  for (let n = 0; n < HALVINGS; n++) {
    if (fallAlong(t) >= -1e-15 * yy) return t;
    t *= 0.5;
  }
  return 0;
}

function apply(t: f64): void {
  const by = f64x2.splat(t);
  for (let k = 0; k < rowCount; k++) {
    const w = row(weight, filter(rows, k));
    for (let o: usize = 0; o < wide; o += 16) {
      v128.store(w + o, f64x2.add(v128.load(w + o), f64x2.mul(by, v128.load(row(step, k) + o))));
    }
  }
  for (let o: usize = 0; o < <usize>padded * wide; o += 16) {
    v128.store(residual + o, f64x2.sub(v128.load(residual + o), f64x2.mul(by, v128.load(product + o))));
  }
}
