/** Eigenvalues, greatest first, and an orthonormal eigenvector for each. */
export interface Eigen {
  readonly values: Float64Array;
  /** size × size, row-major: row i belongs to value i. */
  readonly vectors: Float64Array;
}

/** Steps after which an eigenvalue that does not settle is taken as it is; two or three are usual. */
const MOST_STEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix: Householder reflections to tridiagonal form, then QL steps with Wilkinson's shift (Golub
 * and Van Loan, chapter 8), O(size³).
 * @param matrix size × size, finite; not changed
 */
export function symmetricEigen(matrix: Float64Array): Eigen {
  const size = Math.round(Math.sqrt(matrix.length));
  const { diagonal, beside, vectors } = tridiagonal(matrix, size);
  diagonalise(diagonal, beside, vectors, size);
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b]! - diagonal[a]!);
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (at) => diagonal[at]!), vectors: sorted };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i lies beside diagonal i and i + 1; the last is 0. */
  readonly beside: Float64Array;
  /** Row i is the i-th vector of the basis in which the matrix is tridiagonal. */
  readonly vectors: Float64Array;
}

function tridiagonal(matrix: Float64Array, size: number): Tridiagonal {
  const a = Float64Array.from(matrix);
  const beside = new Float64Array(size);
  const mirrors: Float64Array[] = [];
  for (let k = 0; k < size - 2; k++) {
    const mirror = new Float64Array(size);
    let norm = 0;
    for (let i = k + 1; i < size; i++) {
      mirror[i] = a[i * size + k]!;
      norm += mirror[i]! ** 2;
    }
    norm = Math.sqrt(norm);
    beside[k] = mirror[k + 1]! > 0 ? -norm : norm;
    mirror[k + 1]! -= beside[k]!;
    const own = Math.sqrt(mirror.reduce((sum, value) => sum + value * value, 0));
    if (own > 0) for (let i = k + 1; i < size; i++) mirror[i]! /= own;
    mirrors.push(mirror);
    if (own > 0) reflectBothSides(a, mirror, k + 1, size);
  }
  if (size > 1) beside[size - 2] = a[(size - 1) * size + size - 2]!;
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  // Rows of Qᵀ with Q the product of the reflections, the first one outermost.
  for (let k = mirrors.length - 1; k >= 0; k--) {
    const mirror = mirrors[k]!;
    for (let row = k + 1; row < size; row++) {
      let dot = 0;
      for (let i = k + 1; i < size; i++) dot += mirror[i]! * vectors[row * size + i]!;
      for (let i = k + 1; i < size; i++) vectors[row * size + i]! -= 2 * dot * mirror[i]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), beside, vectors };
}

/** H A H with H = I − 2 v vᵀ, by A − v wᵀ − w vᵀ; v is 0 before `from`. */
function reflectBothSides(a: Float64Array, v: Float64Array, from: number, size: number): void {
  const w = new Float64Array(size);
  let inner = 0;
  for (let i = from; i < size; i++) {
    let sum = 0;
    for (let j = from; j < size; j++) sum += a[i * size + j]! * v[j]!;
    w[i] = 2 * sum;
    inner += v[i]! * sum;
  }
  for (let i = from; i < size; i++) w[i]! -= 2 * inner * v[i]!;
  for (let i = from; i < size; i++) {
    for (let j = from; j < size; j++) a[i * size + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
  }
}

/** Turns pairs of rows of `vectors` until nothing is left beside the diagonal; all in place. */
function diagonalise(d: Float64Array, e: Float64Array, vectors: Float64Array, size: number): void {
  for (let low = 0; low < size; low++) {
    for (let step = 0; step < MOST_STEPS; step++) {
      let high = low;
      while (high < size - 1 && Math.abs(e[high]!) > Number.EPSILON * (Math.abs(d[high]!) + Math.abs(d[high + 1]!)))
        high++;
      if (high === low) break;
      qlStep(d, e, vectors, { low, high, size });
    }
  }
}

/** One implicit QL step on rows low … high, which nothing couples to the others. */
function qlStep(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  { low, high, size }: { readonly low: number; readonly high: number; readonly size: number },
): void {
  const ratio = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  const root = Math.hypot(ratio, 1);
  let g = d[high]! - d[low]! + e[low]! / (ratio + (ratio < 0 ? -root : root));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const [f, b] = [sine * e[i]!, cosine * e[i]!];
    const length = Math.hypot(f, g);
    e[i + 1] = length;
    if (length === 0) {
      // The block falls apart here.
      d[i + 1]! -= moved;
      e[high] = 0;
      return;
    }
    sine = f / length;
    cosine = g / length;
    g = d[i + 1]! - moved;
    const turned = (d[i]! - g) * sine + 2 * cosine * b;
    moved = sine * turned;
    d[i + 1] = g + moved;
    g = cosine * turned - b;
    const [upper, lower] = [i * size, (i + 1) * size];
    for (let k = 0; k < size; k++) {
      const x = vectors[upper + k]!;
      const y = vectors[lower + k]!;
      vectors[lower + k] = sine * x + cosine * y;
      vectors[upper + k] = cosine * x - sine * y;
    }
  }
  d[low]! -= moved;
  e[low] = g;
  e[high] = 0;
}
