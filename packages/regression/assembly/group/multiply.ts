import { filter, row, wide } from './state';

/**
 * out (outRows x T) := A' B for B of `count` rows at `b`; row k of A begins at matrix + k's filter x pitch (or k x pitch when
 * `list` is 0), and its columns are the rows of the result. Four rows and four targets at a time.
 */
export function multiply(matrix: usize, pitch: usize, list: usize, count: i32, b: usize, outRows: i32, out: usize): void {
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
