// Products of the tableau with two vectors at once.

import { at, diagonal, entry, multiplyPast, padded, pastCount, tileAt } from './tableau';

/** outX += T x and outM += T m, nothing waiting, remembered updates reckoned in. */
export function multiply(x: usize, m: usize, outX: usize, outM: usize): void {
  const groups = padded >> 2;
  for (let i = 0; i < groups; i++) {
    for (let j = 0; j < i; j++) {
      const tile = tileAt(i, j);
      multiplyTile(tile, at(x, i << 2), at(x, j << 2), at(outX, i << 2), at(outX, j << 2));
      multiplyTile(tile, at(m, i << 2), at(m, j << 2), at(outM, i << 2), at(outM, j << 2));
    }
    for (let r = i * 4; r < i * 4 + 4; r++) {
      for (let c = i * 4; c < i * 4 + 4; c++) {
        const t = r === c ? load<f64>(at(diagonal, r)) : load<f64>(r > c ? entry(r, c) : entry(c, r));
        store<f64>(at(outX, r), load<f64>(at(outX, r)) + t * load<f64>(at(x, c)));
        store<f64>(at(outM, r), load<f64>(at(outM, r)) + t * load<f64>(at(m, c)));
      }
    }
  }
  if (pastCount > 0) {
    multiplyPast(x, outX);
    multiplyPast(m, outM);
  }
}

/** rowsOut += tile columnsIn, columnsOut += tile' rowsIn. */
@inline
function multiplyTile(tile: usize, rowsIn: usize, columnsIn: usize, rowsOut: usize, columnsOut: usize): void {
  const c0 = v128.load(columnsIn), c1 = v128.load(columnsIn, 16);
  let o0 = v128.load(columnsOut), o1 = v128.load(columnsOut, 16);
  for (let r: usize = 0; r < 4; r++) {
    const t0 = v128.load(tile + r * 32), t1 = v128.load(tile + r * 32, 16);
    const v = v128.load64_splat(rowsIn + r * 8);
    o0 = f64x2.add(o0, f64x2.mul(v, t0));
    o1 = f64x2.add(o1, f64x2.mul(v, t1));
    const s = f64x2.add(f64x2.mul(c0, t0), f64x2.mul(c1, t1));
    const out = rowsOut + r * 8;
    store<f64>(out, load<f64>(out) + f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1));
  }
  v128.store(columnsOut, o0);
  v128.store(columnsOut, o1, 16);
}
