// What the parts of the homotopy share: the problem and the point on the path. Filters stand at positions, which change as they
// join; vectors are by position, only the Gram matrix is by filter.

import { allocate } from '../shared/memory';
import { exchange } from './exchange';
import { at, diagonal, layoutTableau, settle, settled, startTableau, tileAt } from './tableau';

/** Fewest filters worth a settlement, and fewest that a problem must have. */
const SETTLED_AT_ONCE: i32 = 32;
const WORTH_SETTLING: i32 = 128;

export let size: i32 = 0;
export let padded: i32 = 0;
export let lambda: f64 = 0;
/** The filter at each position. */
export let order: usize = 0;
/** How many filters are active; the first entries of `list` are their positions, `place` says where each of them stands there. */
export let active: i32 = 0;
export let list: usize = 0;
export let place: usize = 0;

export let gram: usize = 0;
/** Bytes from row to row: a row of 1 KiB or a multiple would put a column into few sets of the cache. */
export let stride: usize = 0;
export let correlation: usize = 0;
/** The diagonal of the Gram matrix, 0 for a constant filter. */
export let variance: usize = 0;
/** w at active positions, q at the others; and the change of each per unit by which lambda falls. */
export let state: usize = 0;
export let slope: usize = 0;
/** 1 or -1 for an active filter, else 0. */
export let signs: usize = 0;

export function layoutState(p: i32): void {
  size = p;
  padded = (p + 3) & ~3;
  const vector = <usize>padded * 8;
  stride = vector + 64;
  if (stride % 1024 === 0) stride += 64;
  gram = allocate(<usize>padded * stride);
  layoutTableau(padded);
  correlation = allocate(vector);
  variance = allocate(vector);
  state = allocate(vector);
  slope = allocate(vector);
  signs = allocate(vector);
  order = allocate(<usize>padded * 4);
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

/** Every filter at the position of its own number. */
export function resetOrder(): void {
  for (let i = 0; i < padded; i++) store<i32>(order + (<usize>i << 2), i);
}

@inline
export function filterAt(i: i32): i32 {
  return load<i32>(order + (<usize>i << 2));
}

/** The tableau of no active filter: the Gram matrix itself. */
export function resetTableau(): void {
  startTableau();
  memory.copy(diagonal, variance, <usize>padded * 8);
  for (let i = 0; i < padded; i++) {
    const row = gram + <usize>filterAt(i) * stride;
    let to = tileAt(i >> 2, 0) + (<usize>(i & 3) << 5);
    for (let j = 0; j <= (i | 3); j += 4) {
      store<f64>(to, load<f64>(at(row, filterAt(j))));
      store<f64>(to, load<f64>(at(row, filterAt(j + 1))), 8);
      store<f64>(to, load<f64>(at(row, filterAt(j + 2))), 16);
      store<f64>(to, load<f64>(at(row, filterAt(j + 3))), 24);
      to += 128;
    }
  }
}

/** Puts active filters into the settled positions once enough have joined; no update waits. */
export function settleActive(): void {
  if (size < WORTH_SETTLING) return;
  let joined = 0;
  for (let i = settled; i < size; i++) if (load<f64>(at(signs, i)) !== 0) joined++;
  if (joined < SETTLED_AT_ONCE) return;
  const end = settled + (joined & ~3);
  let from = end;
  for (let i = settled; i < end; i++) {
    if (load<f64>(at(signs, i)) !== 0) continue;
    while (load<f64>(at(signs, from)) === 0) from++;
    exchangePositions(i, from);
  }
  settle(end);
}

/** The inactive filter at position i and the active one at k, i < k, change places. */
function exchangePositions(i: i32, k: i32): void {
  exchange(i, k);
  exchangeValues(state, i, k);
  exchangeValues(slope, i, k);
  exchangeValues(signs, i, k);
  exchangeValues(diagonal, i, k);
  exchangeValues(variance, i, k);
  exchangeValues(correlation, i, k);
  const filter = filterAt(i);
  store<i32>(order + (<usize>i << 2), filterAt(k));
  store<i32>(order + (<usize>k << 2), filter);
  const listed = load<i32>(place + (<usize>k << 2));
  store<i32>(list + (<usize>listed << 2), i);
  store<i32>(place + (<usize>i << 2), listed);
}

function exchangeValues(vector: usize, i: i32, k: i32): void {
  const kept = load<f64>(at(vector, i));
  store<f64>(at(vector, i), load<f64>(at(vector, k)));
  store<f64>(at(vector, k), kept);
}
