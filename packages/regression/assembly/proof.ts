// What certificates are made of, from the problem and the points alone: q = c - G w of many sparse points at once, and of each
// point max |q|, the largest violation of the optimality conditions, c'w, w'q and the sum of |w|.
//
// Points come four at a time with the union of their filters, which is hardly larger than each where the points are
// neighbours on a path. G is read once, in strips of four rows that stay in the cache while all points go by.

import { allocate, free, startAt } from './shared/memory';
import { isSymmetric } from './shared/symmetry';

let size: i32 = 0;
let padded: i32 = 0;
let stride: usize = 0;
let gram: usize = 0;
let correlation: usize = 0;
let lambdas: usize = 0;
let starts: usize = 0;
let filters: usize = 0;
let values: usize = 0;
/** For each four points: their weights, four to each filter of their union, and where these filters lie in a strip. */
let panels: usize = 0;
let places: usize = 0;
let tileStarts: usize = 0;
let slots: usize = 0;
let strip: usize = 0;
let residual: usize = 0;
let dense: usize = 0;
let outcome: usize = 0;

/** Lays out the memory from `base` for p filters and up to so many points (a multiple of 4); returns the first free byte. */
export function layout(base: usize, p: i32, points: i32): usize {
  size = p;
  padded = (p + 3) & ~3;
  stride = <usize>padded * 8;
  startAt(base);
  gram = allocate(<usize>padded * stride);
  correlation = allocate(stride);
  lambdas = allocate(<usize>points * 8);
  starts = allocate(<usize>(points + 1) * 4);
  filters = allocate(<usize>points * <usize>padded * 4);
  values = allocate(<usize>points * stride);
  panels = allocate(<usize>points * stride);
  places = allocate(<usize>points * <usize>padded);
  tileStarts = allocate(<usize>((points >> 2) + 1) * 4);
  slots = allocate(<usize>padded * 4);
  strip = allocate(stride * 4);
  residual = allocate(<usize>points * stride);
  dense = allocate(stride);
  outcome = allocate(<usize>points * 40);
  return free();
}

export function gramPointer(): usize { return gram; }
export function correlationPointer(): usize { return correlation; }
export function lambdaPointer(): usize { return lambdas; }
/** Where each point's filters and values start, one more than there are points. */
export function startPointer(): usize { return starts; }
export function filterPointer(): usize { return filters; }
export function valuePointer(): usize { return values; }
/** For each point: max |q|, the largest violation, c'w, w'q, sum |w|. */
export function outcomePointer(): usize { return outcome; }

/** Whether the Gram matrix in place is symmetric, see isSymmetric. */
export function symmetric(tolerance: f64, bound: f64): bool {
  return isSymmetric(gram, stride, padded, tolerance, bound);
}

/** Judges the points in place, `count` of them; false when one of them has weight on a filter that there is not. */
export function judge(count: i32): bool {
  const tiles = (count + 3) >> 2;
  for (let t = 0; t < tiles; t++) if (!pack(t, count)) return false;
  for (let j = 0; j < padded; j += 4) {
    readStrip(j);
    const from = correlation + (<usize>j << 3);
    const c0 = v128.load(from);
    const c1 = v128.load(from, 16);
    for (let t = 0; t < tiles; t++) {
      const first = load<i32>(tileStarts + (<usize>t << 2));
      const own = load<i32>(tileStarts + (<usize>(t + 1) << 2)) - first;
      residualTile(
        panels + <usize>first * 32, places + (<usize>first << 2), own, c0, c1,
        residual + <usize>(t * 4) * stride + (<usize>j << 3),
      );
    }
  }
  for (let i = 0; i < count; i++) reduce(i);
  return true;
}

/** Writes the weights of four points as a panel over the union of their filters. */
function pack(tile: i32, count: i32): bool {
  if (tile === 0) store<i32>(tileStarts, 0);
  const first = load<i32>(tileStarts + (<usize>tile << 2));
  const panel = panels + <usize>first * 32;
  memory.fill(slots, 255, <usize>padded * 4);
  let own = 0;
  const last = min(count, tile * 4 + 4);
  for (let i = tile * 4; i < last; i++) {
    const end = load<i32>(starts + (<usize>(i + 1) << 2));
    for (let k = load<i32>(starts + (<usize>i << 2)); k < end; k++) {
      const filter = load<i32>(filters + (<usize>k << 2));
      if (<u32>filter >= <u32>size) return false;
      let slot = load<i32>(slots + (<usize>filter << 2));
      if (slot < 0) {
        slot = own++;
        store<i32>(slots + (<usize>filter << 2), slot);
        store<i32>(places + (<usize>(first + slot) << 2), filter << 5);
        memory.fill(panel + <usize>slot * 32, 0, 32);
      }
      store<f64>(panel + <usize>slot * 32 + (<usize>(i & 3) << 3), load<f64>(values + (<usize>k << 3)));
    }
  }
  store<i32>(tileStarts + (<usize>(tile + 1) << 2), first + own);
  return true;
}

/** strip := rows j to j + 3 of G, four values to each column. */
function readStrip(j: i32): void {
  let r0 = gram + <usize>j * stride;
  let r1 = r0 + stride, r2 = r1 + stride, r3 = r2 + stride;
  let to = strip;
  for (let k = 0; k < padded; k += 2) {
    const a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3);
    v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(to, v128.shuffle<i64>(c, d, 0, 2), 16);
    v128.store(to, v128.shuffle<i64>(a, b, 1, 3), 32);
    v128.store(to, v128.shuffle<i64>(c, d, 1, 3), 48);
    to += 64;
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
  }
}

/** Four points by four filters of c - W G. */
@inline
function residualTile(w: usize, place: usize, steps: i32, c0: v128, c1: v128, out: usize): void {
  let q00 = c0, q01 = c1, q10 = c0, q11 = c1;
  let q20 = c0, q21 = c1, q30 = c0, q31 = c1;
  for (let k = 0; k < steps; k++) {
    const g = strip + <usize>load<u32>(place);
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const w0 = v128.load64_splat(w);
    q00 = f64x2.sub(q00, f64x2.mul(w0, g0));
    q01 = f64x2.sub(q01, f64x2.mul(w0, g1));
    const w1 = v128.load64_splat(w, 8);
    q10 = f64x2.sub(q10, f64x2.mul(w1, g0));
    q11 = f64x2.sub(q11, f64x2.mul(w1, g1));
    const w2 = v128.load64_splat(w, 16);
    q20 = f64x2.sub(q20, f64x2.mul(w2, g0));
    q21 = f64x2.sub(q21, f64x2.mul(w2, g1));
    const w3 = v128.load64_splat(w, 24);
    q30 = f64x2.sub(q30, f64x2.mul(w3, g0));
    q31 = f64x2.sub(q31, f64x2.mul(w3, g1));
    place += 4;
    w += 32;
  }
  v128.store(out, q00);
  v128.store(out, q01, 16);
  out += stride;
  v128.store(out, q10);
  v128.store(out, q11, 16);
  out += stride;
  v128.store(out, q20);
  v128.store(out, q21, 16);
  out += stride;
  v128.store(out, q30);
  v128.store(out, q31, 16);
}

/** The sums and maxima of point i. */
function reduce(i: i32): void {
  memory.fill(dense, 0, stride);
  const first = load<i32>(starts + (<usize>i << 2));
  const end = load<i32>(starts + (<usize>(i + 1) << 2));
  for (let k = first; k < end; k++) {
    store<f64>(dense + (<usize>load<i32>(filters + (<usize>k << 2)) << 3), load<f64>(values + (<usize>k << 3)));
  }
  const q = residual + <usize>i * stride;
  const lambda = f64x2.splat(load<f64>(lambdas + (<usize>i << 3)));
  const none = f64x2.splat(0);
  const signBit = f64x2.splat(-0.0);
  let steepest = none, violation = none, explained = none, product = none, norm = none;
  for (let o: usize = 0; o < stride; o += 16) {
    const r = v128.load(q + o);
    const w = v128.load(dense + o);
    const length = f64x2.abs(r);
    const idle = f64x2.eq(w, none);
    // |q| - lambda where w is 0, |q - lambda sign(w)| elsewhere.
    const off = v128.bitselect(f64x2.sub(length, lambda), f64x2.abs(f64x2.sub(r, withSign(lambda, w, signBit))), idle);
    steepest = f64x2.max(steepest, length);
    violation = f64x2.max(violation, off);
    explained = f64x2.add(explained, f64x2.mul(w, v128.load(correlation + o)));
    product = f64x2.add(product, f64x2.mul(w, r));
    norm = f64x2.add(norm, f64x2.abs(w));
  }
  const to = outcome + <usize>i * 40;
  store<f64>(to, max(f64x2.extract_lane(steepest, 0), f64x2.extract_lane(steepest, 1)));
  store<f64>(to, max(f64x2.extract_lane(violation, 0), f64x2.extract_lane(violation, 1)), 8);
  store<f64>(to, f64x2.extract_lane(explained, 0) + f64x2.extract_lane(explained, 1), 16);
  store<f64>(to, f64x2.extract_lane(product, 0) + f64x2.extract_lane(product, 1), 24);
  store<f64>(to, f64x2.extract_lane(norm, 0) + f64x2.extract_lane(norm, 1), 32);
}

/** The positive numbers of `size` with the signs of `like`. */
@inline
function withSign(size: v128, like: v128, signBit: v128): v128 {
  return v128.bitselect(like, size, signBit);
}
