// A symmetric matrix under sweeps: lower half in 4 x 4 tiles one after another, its diagonal apart. Sweeping k with pivot d turns
// row and column k into v/d, the pivot into -1/d and the rest into T - v v'/d; sweeping it back gives -v/d. Updates wait in
// packed panels and are applied 32 at a time. The diagonal and the row and column of a pivot are kept current: written as a part
// of the rank-1 update they would lose digits when the pivot is nearly collinear with what is swept already.
//
// What two active filters have with each other is read only when one of them is dropped, and is a third of all work to keep.
// So positions from 0 on are *settled* as their filters join: among settled positions updates are only remembered, and
// reckoned up when a column is read.

import { allocate } from '../shared/memory';
import { subtractTile } from '../shared/tile';

export const BLOCK: i32 = 32;
/** Updates that are remembered before the settled part is brought up to date. */
const MEMORY: i32 = 512;
/** Bytes of a panel of four positions; the 64 spread panels over the sets of the cache. */
const PANEL: usize = BLOCK * 32 + 64;
const PAST: usize = MEMORY * 32 + 64;

/** Rows and columns, a multiple of 4. */
export let padded: i32 = 0;
let tableau: usize = 0;
export let diagonal: usize = 0;
/** The column that was read last, 0 at the pivot itself. */
export let column: usize = 0;
/** Sweeps that wait in the panels. */
export let pending: i32 = 0;
/** Positions under this are settled, a multiple of 4. */
export let settled: i32 = 0;
let panelsV: usize = 0;
let panelsU: usize = 0;
let inverses: usize = 0;
let weights: usize = 0;
/** Panels of the settled positions with the updates remembered, their factors, and one panel of scaled ones. */
let past: usize = 0;
let pastInverses: usize = 0;
export let pastCount: i32 = 0;
let scaled: usize = 0;
let products: usize = 0;

/** Takes memory for a matrix of `order`, a multiple of 4. */
export function layoutTableau(order: i32): void {
  const groups = <usize>(order >> 2);
  padded = order;
  tableau = allocate(((groups * (groups + 1)) >> 1) << 7);
  panelsV = allocate(groups * PANEL);
  panelsU = allocate(groups * PANEL);
  past = allocate(groups * PAST);
  scaled = allocate(PAST);
  inverses = allocate(BLOCK * 8);
  weights = allocate((BLOCK + MEMORY) * 8);
  pastInverses = allocate(MEMORY * 8);
  products = allocate(MEMORY * 16);
  diagonal = allocate(<usize>order * 8);
  column = allocate(<usize>order * 8);
}

/** Begins a matrix that the caller writes to its tiles and `diagonal`, padding zero. */
export function startTableau(): void {
  pending = 0;
  settled = 0;
  pastCount = 0;
}

@inline
export function at(vector: usize, i: i32): usize {
  return vector + (<usize>i << 3);
}

/** The tile of rows 4 i to 4 i + 3 and columns 4 j to 4 j + 3, j up to i. */
@inline
export function tileAt(i: i32, j: i32): usize {
  return tableau + (<usize>(((i * (i + 1)) >> 1) + j) << 7);
}

/** Where the entry of two positions is kept, the larger first. */
@inline
export function entry(i: i32, j: i32): usize {
  return tileAt(i >> 2, j >> 2) + (<usize>(((i & 3) << 2) | (j & 3)) << 3);
}

/** The lane of position i in a panel of the waiting updates. */
@inline
function lane(panels: usize, i: i32): usize {
  return panels + <usize>(i >> 2) * PANEL + (<usize>(i & 3) << 3);
}

/** The same among the remembered ones. */
@inline
function pastLane(i: i32): usize {
  return past + <usize>(i >> 2) * PAST + (<usize>(i & 3) << 3);
}

/** column := column k of the tableau, waiting and remembered updates reckoned in, 0 at k. */
export function readColumn(k: i32): void {
  const group = k >> 2;
  const own = <usize>(k & 3) << 5;
  let from = tileAt(group, 0) + own;
  for (let i = 0; i <= group; i++) {
    v128.store(at(column, i << 2), v128.load(from));
    v128.store(at(column, i << 2), v128.load(from, 16), 16);
    from += 128;
  }
  from = tileAt(group + 1, group) + (own >> 2);
  let next = <usize>(group + 2) << 7;
  for (let i = group + 1; i < padded >> 2; i++) {
    const to = at(column, i << 2);
    store<f64>(to, load<f64>(from));
    store<f64>(to, load<f64>(from, 32), 8);
    store<f64>(to, load<f64>(from, 64), 16);
    store<f64>(to, load<f64>(from, 96), 24);
    from += next;
    next += 128;
  }
  for (let b = 0; b < pending; b++) store<f64>(at(weights, b), load<f64>(lane(panelsU, k) + <usize>b * 32));
  subtractUpdates(panelsV, PANEL, pending, padded >> 2);
  if (k < settled) {
    for (let b = 0; b < pastCount; b++) {
      store<f64>(at(weights, b), load<f64>(pastLane(k) + <usize>b * 32) * load<f64>(at(pastInverses, b)));
    }
    subtractUpdates(past, PAST, pastCount, settled >> 2);
  }
  store<f64>(at(column, k), 0);
}

/** column -= sum over the updates of their panels by `weights`, in the first so many groups of four. */
function subtractUpdates(panels: usize, pitch: usize, updates: i32, groups: i32): void {
  const end = <usize>updates * 32;
  let to = column;
  let i = 0;
  for (; i + 1 < groups; i += 2) {
    let t0 = v128.load(to), t1 = v128.load(to, 16), t2 = v128.load(to, 32), t3 = v128.load(to, 48);
    const v = panels;
    const w = panels + pitch;
    let own = weights;
    for (let o: usize = 0; o < end; o += 32) {
      const u = v128.load64_splat(own);
      t0 = f64x2.sub(t0, f64x2.mul(v128.load(v + o), u));
      t1 = f64x2.sub(t1, f64x2.mul(v128.load(v + o, 16), u));
      t2 = f64x2.sub(t2, f64x2.mul(v128.load(w + o), u));
      t3 = f64x2.sub(t3, f64x2.mul(v128.load(w + o, 16), u));
      own += 8;
    }
    v128.store(to, t0);
    v128.store(to, t1, 16);
    v128.store(to, t2, 32);
    v128.store(to, t3, 48);
    to += 64;
    panels += 2 * pitch;
  }
  if (i === groups) return;
  let t0 = v128.load(to), t1 = v128.load(to, 16);
  let own = weights;
  for (let o: usize = 0; o < end; o += 32) {
    const u = v128.load64_splat(own);
    t0 = f64x2.sub(t0, f64x2.mul(v128.load(panels + o), u));
    t1 = f64x2.sub(t1, f64x2.mul(v128.load(panels + o, 16), u));
    own += 8;
  }
  v128.store(to, t0);
  v128.store(to, t1, 16);
}

/** Queues T -= v v'/d and writes the pivot's row and column as they will be, factor times v, free of waiting updates. */
export function sweep(k: i32, inverse: f64, factor: f64): void {
  store<f64>(at(diagonal, k), -inverse);
  const f = f64x2.splat(factor);
  const group = k >> 2;
  const own = <usize>(k & 3) << 5;
  let to = tileAt(group, 0) + own;
  for (let i = 0; i <= group; i++) {
    v128.store(to, f64x2.mul(f, v128.load(at(column, i << 2))));
    v128.store(to, f64x2.mul(f, v128.load(at(column, i << 2), 16)), 16);
    to += 128;
  }
  // The tile on the diagonal is kept whole.
  to = tileAt(group, group) + (own >> 2);
  let next = <usize>(group + 1) << 7;
  for (let i = group; i < padded >> 2; i++) {
    const c = at(column, i << 2);
    store<f64>(to, load<f64>(c) * factor);
    store<f64>(to, load<f64>(c, 8) * factor, 32);
    store<f64>(to, load<f64>(c, 16) * factor, 64);
    store<f64>(to, load<f64>(c, 24) * factor, 96);
    to += next;
    next += 128;
  }
  for (let b = 0; b < pending; b++) {
    store<f64>(lane(panelsV, k) + <usize>b * 32, 0);
    store<f64>(lane(panelsU, k) + <usize>b * 32, 0);
  }
  if (k < settled) for (let b = 0; b < pastCount; b++) store<f64>(pastLane(k) + <usize>b * 32, 0);
  const scale = f64x2.splat(inverse);
  let v = panelsV + <usize>pending * 32;
  let u = panelsU + <usize>pending * 32;
  for (let i = 0; i < padded; i += 4) {
    const c0 = v128.load(at(column, i));
    const c1 = v128.load(at(column, i), 16);
    v128.store(v, c0);
    v128.store(v, c1, 16);
    v128.store(u, f64x2.mul(c0, scale));
    v128.store(u, f64x2.mul(c1, scale), 16);
    v += PANEL;
    u += PANEL;
  }
  store<f64>(at(inverses, pending), inverse);
  pending++;
}

/** Applies the waiting updates, or remembers them where both positions are settled. */
export function flush(): void {
  if (settled > 0 && pending > 0) remember();
  for (let i = settled >> 2; i < padded >> 2; i++) {
    const a = panelsV + <usize>i * PANEL;
    let b = panelsU;
    let to = tileAt(i, 0);
    for (let j = 0; j <= i; j++) {
      subtractTile(a, b, pending, to, 32);
      b += PANEL;
      to += 128;
    }
  }
  pending = 0;
}

function remember(): void {
  if (pastCount + pending > MEMORY) applyPast();
  for (let i = 0; i < settled; i += 4) {
    memory.copy(pastLane(i) + <usize>pastCount * 32, lane(panelsV, i), <usize>pending * 32);
  }
  memory.copy(at(pastInverses, pastCount), inverses, <usize>pending * 8);
  pastCount += pending;
}

/** Brings the settled part up to date. */
function applyPast(): void {
  const groups = settled >> 2;
  for (let j = 0; j < groups; j++) {
    let from = past + <usize>j * PAST;
    let to = scaled;
    for (let b = 0; b < pastCount; b++) {
      const t = v128.load64_splat(at(pastInverses, b));
      v128.store(to, f64x2.mul(t, v128.load(from)));
      v128.store(to, f64x2.mul(t, v128.load(from, 16)), 16);
      from += 32;
      to += 32;
    }
    for (let i = j; i < groups; i++) subtractTile(past + <usize>i * PAST, scaled, pastCount, tileAt(i, j), 32);
  }
  pastCount = 0;
}

/** Positions up to `count`, a multiple of 4, are settled from now on; nothing waits. */
export function settle(count: i32): void {
  for (let i = settled; i < count; i += 4) memory.fill(pastLane(i), 0, <usize>pastCount * 32);
  settled = count;
}

/** out -= V D V' x over the remembered updates; their share of the diagonal is in `diagonal` already. */
export function multiplyPast(x: usize, out: usize): void {
  memory.fill(products, 0, <usize>pastCount * 16);
  for (let i = 0; i < settled; i += 4) {
    const x0 = v128.load(at(x, i)), x1 = v128.load(at(x, i), 16);
    let v = pastLane(i);
    for (let to = products; to < products + <usize>pastCount * 16; to += 16) {
      const sum = f64x2.add(f64x2.mul(v128.load(v), x0), f64x2.mul(v128.load(v, 16), x1));
      v128.store(to, f64x2.add(v128.load(to), sum));
      v += 32;
    }
  }
  for (let b = 0; b < pastCount; b++) {
    const from = products + <usize>b * 16;
    const sum = load<f64>(from) + load<f64>(from, 8);
    store<f64>(at(weights, b), sum);
  }
  for (let i = 0; i < settled; i += 4) {
    const x0 = v128.load(at(x, i)), x1 = v128.load(at(x, i), 16);
    let o0 = v128.load(at(out, i)), o1 = v128.load(at(out, i), 16);
    let v = pastLane(i);
    for (let b = 0; b < pastCount; b++) {
      const v0 = v128.load(v), v1 = v128.load(v, 16);
      const t = v128.load64_splat(at(weights, b));
      const d = v128.load64_splat(at(pastInverses, b));
      o0 = f64x2.sub(o0, f64x2.mul(f64x2.mul(d, v0), f64x2.sub(t, f64x2.mul(v0, x0))));
      o1 = f64x2.sub(o1, f64x2.mul(f64x2.mul(d, v1), f64x2.sub(t, f64x2.mul(v1, x1))));
      v += 32;
    }
    v128.store(at(out, i), o0);
    v128.store(at(out, i), o1, 16);
  }
}
