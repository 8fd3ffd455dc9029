// The 4 x 4 micro-kernel under every matrix product here. A panel holds four rows (or columns) of a matrix, step by step: the
// four values of step b lie at panel + 32 b. Eight accumulators of two lanes, two operands and a broadcast fit the registers.

/** out (4 x 4, row stride in bytes) -= sum over steps of a_b' b_b. */
@inline
export function subtractTile(a: usize, b: usize, steps: i32, out: usize, stride: usize): void {
  let o = out;
  let c00 = v128.load(o), c01 = v128.load(o, 16);
  o += stride;
  let c10 = v128.load(o), c11 = v128.load(o, 16);
  o += stride;
  let c20 = v128.load(o), c21 = v128.load(o, 16);
  o += stride;
  let c30 = v128.load(o), c31 = v128.load(o, 16);
  for (let r = 0; r < steps; r++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = f64x2.sub(c00, f64x2.mul(a0, b0));
    c01 = f64x2.sub(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    c10 = f64x2.sub(c10, f64x2.mul(a1, b0));
    c11 = f64x2.sub(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    c20 = f64x2.sub(c20, f64x2.mul(a2, b0));
    c21 = f64x2.sub(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    c30 = f64x2.sub(c30, f64x2.mul(a3, b0));
    c31 = f64x2.sub(c31, f64x2.mul(a3, b1));
    a += 32;
    b += 32;
  }
  o = out;
  v128.store(o, c00);
  v128.store(o, c01, 16);
  o += stride;
  v128.store(o, c10);
  v128.store(o, c11, 16);
  o += stride;
  v128.store(o, c20);
  v128.store(o, c21, 16);
  o += stride;
  v128.store(o, c30);
  v128.store(o, c31, 16);
}
