// Kernels over symmetric matrices in float64, lower half, row-major. Every pointer is a multiple of 16 and the caller owns all
// memory; every size is a multiple of 4. The matrix is touched in 4 x 4 tiles, because eight two-lane accumulators are what
// fits the registers; its operands are packed so that a tile reads two contiguous streams.

/** Adds (or subtracts) A B' of two packed panels, each steps x 4, to the 4 x 4 tile at `out`. */
@inline
function tile(a: usize, b: usize, steps: i32, out: usize, stride: usize, subtract: bool): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  for (let r = 0; r < steps; r++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
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
    a += 32;
    b += 32;
  }
  storeRow(out, c00, c01, subtract);
  storeRow(out + stride, c10, c11, subtract);
  storeRow(out + 2 * stride, c20, c21, subtract);
  storeRow(out + 3 * stride, c30, c31, subtract);
}

@inline
function storeRow(out: usize, low: v128, high: v128, subtract: bool): void {
  const oldLow = v128.load(out);
  const oldHigh = v128.load(out, 16);
  v128.store(out, subtract ? f64x2.sub(oldLow, low) : f64x2.add(oldLow, low));
  v128.store(out, subtract ? f64x2.sub(oldHigh, high) : f64x2.add(oldHigh, high), 16);
}

/** matrix += P P' for packed panels of `size` columns over `steps` rows; tiles on and under the diagonal only. */
function update(matrix: usize, stride: usize, size: i32, panels: usize, steps: i32, subtract: bool): void {
  const panelBytes = <usize>steps * 32;
  const blocks = size >> 2;
  for (let i = 0; i < blocks; i++) {
    const a = panels + <usize>i * panelBytes;
    const row = matrix + <usize>(i * 4) * stride;
    for (let j = 0; j <= i; j++) {
      if (subtract) tile(a, panels + <usize>j * panelBytes, steps, row + <usize>j * 32, stride, true);
      else tile(a, panels + <usize>j * panelBytes, steps, row + <usize>j * 32, stride, false);
    }
  }
}

/**
 * gram += (X - 1 s')' (X - 1 s') and sums += column sums of X - 1 s', for X: rows x columns float32 row-major at `rows`.
 * `panels` is scratch of rows x columns float64.
 */
export function accumulate(
  gram: usize, sums: usize, shift: usize, panels: usize, rows: usize, count: i32, columns: i32,
): void {
  const rowBytes = <usize>columns * 4;
  for (let q = 0; q < columns; q += 4) {
    const s0 = v128.load(shift + <usize>q * 8);
    const s1 = v128.load(shift + <usize>q * 8, 16);
    let t0 = f64x2.splat(0), t1 = f64x2.splat(0);
    let from = rows + <usize>q * 4;
    let to = panels + <usize>q * <usize>count * 8;
    for (let r = 0; r < count; r++) {
      const x = v128.load(from);
      const x0 = f64x2.sub(f64x2.promote_low_f32x4(x), s0);
      const x1 = f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0)), s1);
      t0 = f64x2.add(t0, x0);
      t1 = f64x2.add(t1, x1);
      v128.store(to, x0);
      v128.store(to, x1, 16);
      from += rowBytes;
      to += 32;
    }
    const sum = sums + <usize>q * 8;
    v128.store(sum, f64x2.add(v128.load(sum), t0));
    v128.store(sum, f64x2.add(v128.load(sum, 16), t1), 16);
  }
  update(gram, <usize>columns * 8, columns, panels, count, false);
}

const BLOCK: i32 = 32;

@inline
function dot(a: usize, b: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let k: usize = 0; k < <usize>count * 8; k += 8) sum += load<f64>(a + k) * load<f64>(b + k);
  return sum;
}

/**
 * Replaces the lower half of `matrix` by its Cholesky factor; -1 when done, else the index of the first pivot at or under
 * `least`. `panels` is scratch of BLOCK x size float64. Blocked, right-looking.
 */
export function cholesky(matrix: usize, size: i32, panels: usize, least: f64): i32 {
  const stride = <usize>size * 8;
  for (let k = 0; k < size; k += BLOCK) {
    const width = min(BLOCK, size - k);
    const left = <usize>k * 8;
    for (let i = k; i < size; i++) {
      const row = matrix + <usize>i * stride + left;
      const last = min(i - k, width);
      for (let j = 0; j < last; j++) {
        const pivotRow = matrix + <usize>(k + j) * stride + left;
        const at = row + <usize>j * 8;
        store<f64>(at, (load<f64>(at) - dot(row, pivotRow, j)) / load<f64>(pivotRow + <usize>j * 8));
      }
      if (i < k + width) {
        const at = row + <usize>(i - k) * 8;
        const pivot = load<f64>(at) - dot(row, row, i - k);
        if (!(pivot > least)) return i;
        store<f64>(at, sqrt(pivot));
      }
    }
    const next = k + width;
    const rest = size - next;
    for (let i = 0; i < rest; i++) {
      const from = matrix + <usize>(next + i) * stride + left;
      const to = panels + <usize>(i >> 2) * <usize>width * 32 + <usize>(i & 3) * 8;
      for (let t = 0; t < width; t++) store<f64>(to + <usize>t * 32, load<f64>(from + <usize>t * 8));
    }
    update(matrix + <usize>next * stride + <usize>next * 8, stride, rest, panels, width, true);
  }
  return -1;
}
