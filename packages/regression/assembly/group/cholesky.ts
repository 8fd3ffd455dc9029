// Cholesky factors in 4 x 4 tiles, lower half, row after row of tiles: of rows that follow one another each can be added to a
// factor at hand. Entry (r, k) of a tile lies at 4 k + r, so that a row of tiles is a panel of the micro-kernel.

import { at } from './tableau';
import { subtractTile } from '../shared/tile';

/** Share of its diagonal entry that a pivot has at least: factors only steer, rounding must not stop them. */
const LEAST: f64 = 1e-10;

/** Bytes of a factor of `order`, a multiple of 4. */
export function factorBytes(order: i32): usize {
  const groups = <usize>(order >> 2);
  return ((groups * (groups + 1)) >> 1) << 7;
}

@inline
export function tileAt(factor: usize, i: i32, j: i32): usize {
  return factor + (<usize>(((i * (i + 1)) >> 1) + j) << 7);
}

/**
 * Factors the groups of four rows from `first` up to `end`; their tiles hold the matrix, those before them the factor. The
 * inverse of the factor's diagonal goes to `inverse`, the pivots to `pivots`.
 */
export function factorize(factor: usize, first: i32, end: i32, inverse: usize, pivots: usize): void {
  for (let i = first; i < end; i++) {
    for (let j = 0; j < i; j++) {
      const tile = tileAt(factor, i, j);
      subtractTile(tileAt(factor, j, 0), tileAt(factor, i, 0), j * 4, tile, 32);
      divideTile(tile, tileAt(factor, j, j), at(inverse, j << 2));
    }
    const tile = tileAt(factor, i, i);
    const d0 = load<f64>(tile), d1 = load<f64>(tile, 40), d2 = load<f64>(tile, 80), d3 = load<f64>(tile, 120);
    subtractTile(tileAt(factor, i, 0), tileAt(factor, i, 0), i * 4, tile, 32);
    pivot(tile, 0, d0, i, inverse, pivots);
    pivot(tile, 1, d1, i, inverse, pivots);
    pivot(tile, 2, d2, i, inverse, pivots);
    pivot(tile, 3, d3, i, inverse, pivots);
  }
}

/** Column k of a tile on the diagonal. */
function pivot(tile: usize, k: usize, whole: f64, group: i32, inverse: usize, pivots: usize): void {
  let value = load<f64>(tile + k * 40);
  for (let m: usize = 0; m < k; m++) {
    const l = load<f64>(tile + m * 32 + k * 8);
    value -= l * l;
  }
  value = max(value, LEAST * whole);
  const slot = group * 4 + <i32>k;
  const own = 1 / sqrt(value);
  store<f64>(at(pivots, slot), value);
  store<f64>(at(inverse, slot), own);
  store<f64>(tile + k * 40, value * own);
  for (let r: usize = 0; r < k; r++) store<f64>(tile + k * 32 + r * 8, 0);
  for (let r = k + 1; r < 4; r++) {
    const place = tile + k * 32 + r * 8;
    let entry = load<f64>(place);
    for (let m: usize = 0; m < k; m++) entry -= load<f64>(tile + m * 32 + r * 8) * load<f64>(tile + m * 32 + k * 8);
    store<f64>(place, entry * own);
  }
}

/** Divides four rows by the transposed factor of their columns' own tile. */
@inline
function divideTile(tile: usize, own: usize, inverse: usize): void {
  for (let k: usize = 0; k < 4; k++) {
    let x0 = v128.load(tile + k * 32), x1 = v128.load(tile + k * 32, 16);
    for (let m: usize = 0; m < k; m++) {
      const l = v128.load64_splat(own + m * 32 + k * 8);
      x0 = f64x2.sub(x0, f64x2.mul(l, v128.load(tile + m * 32)));
      x1 = f64x2.sub(x1, f64x2.mul(l, v128.load(tile + m * 32, 16)));
    }
    const t = v128.load64_splat(inverse + k * 8);
    v128.store(tile + k * 32, f64x2.mul(t, x0));
    v128.store(tile + k * 32, f64x2.mul(t, x1), 16);
  }
}
