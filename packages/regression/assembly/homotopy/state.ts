// What the parts of the homotopy share: the problem and the point on the path.

import { allocate } from '../shared/memory';
import { at, diagonal, layoutTableau, startTableau, tableau, tableauStride } from '../shared/tableau';

export let size: i32 = 0;
export let padded: i32 = 0;
export let lambda: f64 = 0;
/** How many filters are active; the first entries of `list`, and `place` says where each of them stands there. */
export let active: i32 = 0;
export let list: usize = 0;
export let place: usize = 0;

export let gram: usize = 0;
export let correlation: usize = 0;
/** The diagonal of the Gram matrix, 0 for a constant filter. */
export let variance: usize = 0;
/** w on active filters, q on the others; and the change of each per unit by which lambda falls. */
export let state: usize = 0;
export let slope: usize = 0;
/** 1 or -1 for an active filter, else 0. */
export let signs: usize = 0;
export let residualX: usize = 0;
export let residualM: usize = 0;

export function layoutState(p: i32): void {
  size = p;
  padded = (p + 3) & ~3;
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
}

export function setLambda(next: f64): void {
  lambda = next;
}

export function activate(k: i32, sign: f64): void {
  store<f64>(at(signs, k), sign);
  store<i32>(list + (<usize>active << 2), k);
  store<i32>(place + (<usize>k << 2), active);
  active++;
}

/** The last active filter takes the place of the one that leaves. */
export function deactivate(k: i32): void {
  store<f64>(at(signs, k), 0);
  active--;
  const moved = load<i32>(list + (<usize>active << 2));
  const hole = load<i32>(place + (<usize>k << 2));
  store<i32>(list + (<usize>hole << 2), moved);
  store<i32>(place + (<usize>moved << 2), hole);
}

export function deactivateAll(): void {
  active = 0;
  memory.fill(signs, 0, <usize>padded * 8);
}

/** The tableau of no active filter: the Gram matrix itself. */
export function resetTableau(): void {
  memory.copy(tableau, gram, <usize>padded * tableauStride(size));
  memory.copy(diagonal, variance, <usize>padded * 8);
  startTableau(size);
}
