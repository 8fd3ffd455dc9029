/** Rows that go through a matrix together, so that each of its entries is read once for all of them. */
const ROWS = 4;

/** Solves L Lᵀ x = b in place for each row b of `rows` (count × size), for a lower factor L (size × size, row-major). */
export function solveRows(factor: Float64Array, size: number, rows: Float64Array): void {
  forFours(rows, size, (a, b, c, d) => {
    for (let i = 0; i < size; i++) {
      const row = factor.subarray(i * size, i * size + i + 1);
      let [w, x, y, z] = [a[i]!, b[i]!, c[i]!, d[i]!];
      for (let k = 0; k < i; k++) {
        const entry = row[k]!;
        w -= entry * a[k]!;
        x -= entry * b[k]!;
        y -= entry * c[k]!;
        z -= entry * d[k]!;
      }
      const inverse = 1 / row[i]!;
      a[i] = w * inverse;
      b[i] = x * inverse;
      c[i] = y * inverse;
      d[i] = z * inverse;
    }
    for (let i = size - 1; i >= 0; i--) {
      const row = factor.subarray(i * size, i * size + i + 1);
      const inverse = 1 / row[i]!;
      const [w, x, y, z] = [a[i]! * inverse, b[i]! * inverse, c[i]! * inverse, d[i]! * inverse];
      for (let k = 0; k < i; k++) {
        const entry = row[k]!;
        a[k] = a[k]! - entry * w;
        b[k] = b[k]! - entry * x;
        c[k] = c[k]! - entry * y;
        d[k] = d[k]! - entry * z;
      }
      a[i] = w;
      b[i] = x;
      c[i] = y;
      d[i] = z;
    }
  });
}

/** Σ over rows w of wᵀ (G w − 2 c) for a symmetric matrix G (size × size) and a row c of `cross` for each w. */
export function quadratic(matrix: Float64Array, size: number, rows: Float64Array, cross: Float64Array): number {
  let total = 0;
  let at = 0;
  forFours(rows, size, (a, b, c, d, count) => {
    const four = [a, b, c, d];
    for (let i = 0; i < size; i++) {
      const row = matrix.subarray(i * size, (i + 1) * size);
      let [w, x, y, z] = [0, 0, 0, 0];
      for (let k = 0; k < size; k++) {
        const entry = row[k]!;
        w += entry * a[k]!;
        x += entry * b[k]!;
        y += entry * c[k]!;
        z += entry * d[k]!;
      }
      const products = [w, x, y, z];
      for (let r = 0; r < count; r++) total += four[r]![i]! * (products[r]! - 2 * cross[at + r * size + i]!);
    }
    at += count * size;
  });
  return total;
}

type Four = (a: Float64Array, b: Float64Array, c: Float64Array, d: Float64Array, count: number) => void;

/** Rows in fours; what is missing from the last four is zeros. */
function forFours(rows: Float64Array, size: number, use: Four): void {
  const count = rows.length / size;
  for (let first = 0; first < count; first += ROWS) {
    const row = (r: number): Float64Array =>
      first + r < count ? rows.subarray((first + r) * size, (first + r + 1) * size) : new Float64Array(size);
    use(row(0), row(1), row(2), row(3), Math.min(ROWS, count - first));
  }
}
