// What the parts of the group kernel share: the problem, the point W with its residual, and scratch.

import { allocate, startAt } from '../shared/memory';
import { at, layoutTableau } from './tableau';

export let size: i32 = 0;
export let padded: i32 = 0;
/** Targets rounded up to a multiple of 4, and the bytes of a row of that many. */
export let lanes: i32 = 0;
export let wide: usize = 0;
export let gramRow: usize = 0;
export let yy: f64 = 0;
export let lambda: f64 = 0;
export let constant: f64 = 0;

export let gram: usize = 0;
export let correlation: usize = 0;
export let weight: usize = 0;
/** The two solutions before the last. */
export let earlier: usize = 0;
export let earliest: usize = 0;
/** W as it was expected from earlier solutions. */
export let predicted: usize = 0;
/** The residuals of the two solutions before the last. */
export let residualEarlier: usize = 0;
export let residualEarliest: usize = 0;
export let residual: usize = 0;
export let hadamard: usize = 0;
export let norms: usize = 0;
export let working: usize = 0;
export let rows: usize = 0;
export let rowCount: i32 = 0;
export let packed: usize = 0;
export let product: usize = 0;
export let step: usize = 0;
export let unit: usize = 0;
export let savedWeight: usize = 0;
export let savedResidual: usize = 0;
export let vectorA: usize = 0;
export let vectorB: usize = 0;
export let vectorC: usize = 0;
export let vectorD: usize = 0;
export let vectorE: usize = 0;
export let change: usize = 0;

/** Lays out the memory from `base` for p filters and T targets. */
export function layoutState(base: usize, p: i32, targets: i32): void {
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
  earliest = allocate(matrix);
  predicted = allocate(matrix);
  residualEarlier = allocate(matrix);
  residualEarliest = allocate(matrix);
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
}

/** Sets the problem's own numbers and W = 0. `least`: variance that counts as none. */
export function beginState(total: f64, least: f64): void {
  yy = total;
  constant = least;
  memory.fill(weight, 0, <usize>padded * wide);
  memory.fill(earlier, 0, <usize>padded * wide);
  memory.fill(earliest, 0, <usize>padded * wide);
  memory.copy(residual, correlation, <usize>padded * wide);
  memory.copy(residualEarlier, correlation, <usize>padded * wide);
  memory.copy(residualEarliest, correlation, <usize>padded * wide);
}

export function setLambda(next: f64): void {
  lambda = next;
}

@inline
export function filter(list: usize, k: i32): i32 {
  return load<i32>(list + (<usize>k << 2));
}

@inline
export function row(matrix: usize, i: i32): usize {
  return matrix + <usize>i * wide;
}

@inline
export function ownVariance(j: i32): f64 {
  return load<f64>(gram + <usize>j * gramRow + (<usize>j << 3));
}

@inline
export function dotRows(a: usize, b: usize): f64 {
  let s = f64x2.splat(0);
  for (let o: usize = 0; o < wide; o += 16) s = f64x2.add(s, f64x2.mul(v128.load(a + o), v128.load(b + o)));
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/** Finds the rows of W that are not 0 and the lengths of all. */
export function listRows(): void {
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
