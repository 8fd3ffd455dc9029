import { solveFactored } from './triangular.ts';

export interface PivotedFactor {
  /** Indices of the independent rows, in the order chosen. */
  readonly basis: Int32Array;
  /** Solves A w = b on the basis; every other entry of w is 0. */
  solve(b: Float64Array): Float64Array;
}

/**
 * Cholesky with diagonal pivoting of a positive semi-definite matrix (size × size, row-major): the largest remaining pivot is
 * taken first (of equals the first), until none exceeds size × 2⁻⁵² × the largest diagonal entry (LAPACK's dpstrf rule).
 * A consistent system is solved exactly by the basis alone, so a fit has the residual of any other solution; among
 * duplicated columns the first carries all the weight.
 */
export function pivotedCholesky(matrix: Float64Array, size: number): PivotedFactor {
  const remaining = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i] as number);
  const least = size * 2 ** -52 * remaining.reduce((a, b) => Math.max(a, b), 0);
  const columns: Float64Array[] = [];
  const basis: number[] = [];
  const taken = new Uint8Array(size);
  while (basis.length < size) {
    let pivot = -1;
    for (let i = 0; i < size; i++) {
      if (taken[i] === 0 && (pivot < 0 || (remaining[i] as number) > (remaining[pivot] as number))) pivot = i;
    }
    const value = remaining[pivot] as number;
    if (!(value > least)) break;
    taken[pivot] = 1;
    basis.push(pivot);
    const column = matrix.slice(pivot * size, (pivot + 1) * size);
    for (const earlier of columns) {
      const factor = earlier[pivot] as number;
      if (factor === 0) continue;
      for (let i = 0; i < size; i++) column[i] = (column[i] as number) - factor * (earlier[i] as number);
    }
    const root = Math.sqrt(value);
    for (let i = 0; i < size; i++) {
      const entry = (column[i] as number) / root;
      column[i] = entry;
      remaining[i] = (remaining[i] as number) - entry * entry;
    }
    columns.push(column);
  }
  return { basis: Int32Array.from(basis), solve: basisSolver(columns, basis, size) };
}

function basisSolver(columns: readonly Float64Array[], basis: readonly number[], size: number) {
  const rank = basis.length;
  const factor = new Float64Array(rank * rank);
  basis.forEach((row, i) => {
    for (let k = 0; k <= i; k++) factor[i * rank + k] = columns[k]?.[row] as number;
  });
  return (b: Float64Array): Float64Array => {
    const reduced = Float64Array.from(basis, (row) => b[row] as number);
    solveFactored(factor, rank, reduced);
    const weights = new Float64Array(size);
    basis.forEach((row, i) => (weights[row] = reduced[i] as number));
    return weights;
  };
}
