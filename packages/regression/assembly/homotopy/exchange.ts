// Two positions of the tableau change places.

import { entry, padded, tileAt } from './tableau';

/** Exchanges two positions that are not settled, i < k; nothing waits. What the two have with each other stays. */
export function exchange(i: i32, k: i32): void {
  const groupI = i >> 2, groupK = k >> 2;
  const rowI = <usize>(i & 3) << 5, rowK = <usize>(k & 3) << 5;
  let a = tileAt(groupI, 0) + rowI;
  let b = tileAt(groupK, 0) + rowK;
  for (let j = 0; j < groupI; j++) {
    const a0 = v128.load(a), a1 = v128.load(a, 16);
    v128.store(a, v128.load(b));
    v128.store(a, v128.load(b, 16), 16);
    v128.store(b, a0);
    v128.store(b, a1, 16);
    a += 128;
    b += 128;
  }
  exchangeNear(i, k, groupI);
  if (groupK !== groupI) {
    for (let j = groupI + 1; j < groupK; j++) exchangeFour(tileAt(j, groupI) + (rowI >> 2), 32, tileAt(groupK, j) + rowK, 8);
    exchangeNear(i, k, groupK);
  }
  for (let j = groupK + 1; j < padded >> 2; j++) {
    exchangeFour(tileAt(j, groupI) + (rowI >> 2), 32, tileAt(j, groupK) + (rowK >> 2), 32);
  }
  mirror(groupI);
  mirror(groupK);
}

@inline
function exchangeFour(a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (let n: usize = 0; n < 4; n++) {
    const kept = load<f64>(a);
    store<f64>(a, load<f64>(b));
    store<f64>(b, kept);
    a += stepA;
    b += stepB;
  }
}

/** The four positions of a group that holds i or k. */
function exchangeNear(i: i32, k: i32, group: i32): void {
  for (let j = group * 4; j < group * 4 + 4; j++) {
    if (j === i || j === k) continue;
    const a = j < i ? entry(i, j) : entry(j, i);
    const b = j < k ? entry(k, j) : entry(j, k);
    const kept = load<f64>(a);
    store<f64>(a, load<f64>(b));
    store<f64>(b, kept);
  }
}

/** Makes a tile on the diagonal whole from its lower half. */
function mirror(group: i32): void {
  const tile = tileAt(group, group);
  for (let r: usize = 1; r < 4; r++) {
    for (let c: usize = 0; c < r; c++) store<f64>(tile + c * 32 + r * 8, load<f64>(tile + r * 32 + c * 8));
  }
}
