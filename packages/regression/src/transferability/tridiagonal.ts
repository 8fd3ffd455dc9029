/** A symmetric tridiagonal matrix. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** One shorter than the diagonal. */
  readonly beside: Float64Array;
}

/**
 * T = QᵀAQ by Householder reflections (Golub and Van Loan 2013, §8.3.1), which the columns of `vectors` (each of length size) follow in place: b becomes Qᵀb.
 * 4/3 size³ operations. `matrix`: size × size, row-major, both halves; overwritten.
 */
export function tridiagonalise(matrix: Float64Array, size: number, vectors: readonly Float64Array[]): Tridiagonal {
  const at = (i: number, j: number): number => matrix[i * size + j] as number;
  const v = new Float64Array(size);
  const p = new Float64Array(size);
  const beside = new Float64Array(Math.max(0, size - 1));
  for (let k = 0; k < size - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < size; i++) norm += at(i, k) ** 2;
    norm = Math.sqrt(norm);
    const head = at(k + 1, k);
    const alpha = head > 0 ? -norm : norm;
    beside[k] = norm === 0 ? 0 : alpha;
    if (norm === 0) continue;
    for (let i = k + 1; i < size; i++) v[i] = at(i, k);
    v[k + 1] = head - alpha;
    // vᵀv = 2 · norm · (norm + |head|): no cancellation.
    const scale = 1 / (norm * (norm + Math.abs(head)));
    for (let i = k + 1; i < size; i++) {
      let sum = 0;
      for (let j = k + 1, row = i * size; j < size; j++) sum += (matrix[row + j] as number) * (v[j] as number);
      p[i] = sum * scale;
    }
    let inner = 0;
    for (let i = k + 1; i < size; i++) inner += (p[i] as number) * (v[i] as number);
    for (let i = k + 1; i < size; i++) p[i] = (p[i] as number) - (inner * scale * (v[i] as number)) / 2;
    for (let i = k + 1; i < size; i++) {
      const [vi, pi] = [v[i] as number, p[i] as number];
      for (let j = k + 1, row = i * size; j < size; j++) {
        matrix[row + j] = (matrix[row + j] as number) - vi * (p[j] as number) - pi * (v[j] as number);
      }
    }
    for (const b of vectors) {
      let dot = 0;
      for (let i = k + 1; i < size; i++) dot += (v[i] as number) * (b[i] as number);
      for (let i = k + 1; i < size; i++) b[i] = (b[i] as number) - dot * scale * (v[i] as number);
    }
  }
  if (size > 1) beside[size - 2] = at(size - 1, size - 2);
  return { diagonal: Float64Array.from({ length: size }, (_, i) => at(i, i)), beside };
}

/** What is asked of tI + T, t > 0 and T positive semi-definite. */
export interface ShiftedSolver {
  /** ln det(tI + T). */
  readonly logDeterminant: number;
  /** trace of (tI + T)⁻¹. */
  readonly inverseTrace: number;
  readonly solve: (b: Float64Array) => Float64Array;
}

/** LDLᵀ from either end; where the two meet at i, 1 / (d⁺ᵢ + d⁻ᵢ − (t + Tᵢᵢ)) is the i-th diagonal entry of the inverse (Meurant 1992). */
export function shiftedSolver({ diagonal, beside }: Tridiagonal, t: number): ShiftedSolver {
  const size = diagonal.length;
  const least = Number.MIN_VALUE;
  const down = new Float64Array(size);
  const up = new Float64Array(size);
  const square = (i: number): number => (beside[i] as number) ** 2;
  for (let i = 0; i < size; i++) {
    const own = Math.max(0, diagonal[i] as number) + t;
    // Rounding must not take a pivot below what t alone gives.
    down[i] = Math.max(own - (i === 0 ? 0 : square(i - 1) / (down[i - 1] as number)), t / 2, least);
  }
  for (let i = size - 1; i >= 0; i--) {
    const own = Math.max(0, diagonal[i] as number) + t;
    up[i] = Math.max(own - (i === size - 1 ? 0 : square(i) / (up[i + 1] as number)), t / 2, least);
  }
  let logDeterminant = 0;
  let inverseTrace = 0;
  for (let i = 0; i < size; i++) {
    const own = Math.max(0, diagonal[i] as number) + t;
    logDeterminant += Math.log(down[i] as number);
    inverseTrace += 1 / Math.max((down[i] as number) + (up[i] as number) - own, t / 2, least);
  }
  return {
    logDeterminant,
    inverseTrace,
    solve: (b) => {
      const x = b.slice();
      for (let i = 1; i < size; i++) {
        x[i] = (x[i] as number) - ((beside[i - 1] as number) / (down[i - 1] as number)) * (x[i - 1] as number);
      }
      for (let i = size - 1; i >= 0; i--) {
        const next = i === size - 1 ? 0 : (beside[i] as number) * (x[i + 1] as number);
        x[i] = ((x[i] as number) - next) / (down[i] as number);
      }
      return x;
    },
  };
}
