// The test that a matrix equals its transpose, two by two: in JavaScript it would cost as much as a tenth of a path.

/**
 * Whether every entry below the diagonal is within `tolerance` of its twin above and, like all covariances, at most `bound` in
 * size; entries that are not finite fail. Rows are `stride` bytes apart; padding beyond `size` must be symmetric too.
 */
export function isSymmetric(matrix: usize, stride: usize, size: i32, tolerance: f64, bound: f64): bool {
  const near = f64x2.splat(tolerance);
  const most = f64x2.splat(bound);
  const step = 2 * stride;
  for (let block: i32 = 0; block < size; block += TILE) {
    const end = min(block + TILE, size);
    for (let i = 0; i < end; i += 2) {
      // Columns of the block to the left of the diagonal of rows i and i + 1, or rows of the block for columns left of it.
      const first = max(block, i);
      let below = matrix + <usize>first * stride + (<usize>i << 3);
      let above = matrix + <usize>i * stride + (<usize>first << 3);
      let good = i64x2.splat(-1);
      for (let j = first; j < end; j += 2) {
        const b0 = v128.load(below);
        const b1 = v128.load(below + stride);
        const a0 = v128.load(above);
        const a1 = v128.load(above + stride);
        const off0 = f64x2.abs(f64x2.sub(b0, v128.shuffle<i64>(a0, a1, 0, 2)));
        const off1 = f64x2.abs(f64x2.sub(b1, v128.shuffle<i64>(a0, a1, 1, 3)));
        good = v128.and(good, v128.and(f64x2.le(off0, near), f64x2.le(off1, near)));
        good = v128.and(good, v128.and(f64x2.le(f64x2.abs(b0), most), f64x2.le(f64x2.abs(b1), most)));
        below += step;
        above += 16;
      }
      if (!v128.all_true<i64>(good)) return false;
    }
  }
  return true;
}

/** Rows of a block: their lines stay in the cache while the columns go by. */
const TILE: i32 = 8;
