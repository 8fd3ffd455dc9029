const REFINEMENTS = 3;
/** A filter with less than this share of its variance left beside the earlier ones depends on them. */
const DEPENDENT = 1e-12;

/** The equations G_AA w = b of a set of filters, by Cholesky with three steps of iterative refinement. */
export class SupportSolver {
  /** The filters that are independent of those before them, in the order given. */
  readonly support: readonly number[];
  /** Those that are not, and were left out. */
  readonly dependent: readonly number[];
  readonly #factor: Float64Array;
  readonly #gram: Float64Array;
  readonly #p: number;

  private constructor(
    gram: Float64Array,
    p: number,
    support: readonly number[],
    dependent: readonly number[],
    factor: Float64Array,
  ) {
    this.#gram = gram;
    this.#p = p;
    this.support = support;
    this.dependent = dependent;
    this.#factor = factor;
  }

  /** `gram`: p × p, row-major. */
  static of(gram: Float64Array, p: number, filters: readonly number[]): SupportSolver {
    const n = filters.length;
    const factor = new Float64Array(n * n);
    const support: number[] = [];
    const dependent: number[] = [];
    for (const filter of filters) {
      const row = support.length * n;
      let left = gram[filter * p + filter] as number;
      support.forEach((other, j) => {
        const own = ((gram[filter * p + other] as number) - dot(factor, row, j * n, j)) / (factor[j * n + j] as number);
        factor[row + j] = own;
        left -= own * own;
      });
      if (left <= DEPENDENT * (gram[filter * p + filter] as number)) {
        dependent.push(filter);
        continue;
      }
      factor[row + support.length] = Math.sqrt(left);
      support.push(filter);
    }
    return new SupportSolver(gram, p, support, dependent, compact(factor, n, support.length));
  }

  /** `right`: one number per filter of `support`. */
  solve(right: readonly number[]): Float64Array {
    const solution = this.#substitute(right);
    for (let step = 0; step < REFINEMENTS; step++) {
      const correction = this.#substitute(this.#residual(right, solution));
      for (let i = 0; i < solution.length; i++) solution[i] = (solution[i] as number) + (correction[i] as number);
    }
    return solution;
  }

  #residual(right: readonly number[], solution: Float64Array): number[] {
    const p = this.#p;
    return right.map((value, i) => {
      const row = (this.support[i] as number) * p;
      let rest = value;
      for (let j = 0; j < solution.length; j++)
        rest -= (this.#gram[row + (this.support[j] as number)] as number) * (solution[j] as number);
      return rest;
    });
  }

  #substitute(right: readonly number[]): Float64Array {
    const n = right.length;
    const x = Float64Array.from(right);
    const factor = this.#factor;
    for (let i = 0; i < n; i++) {
      let value = x[i] as number;
      for (let j = 0; j < i; j++) value -= (factor[i * n + j] as number) * (x[j] as number);
      x[i] = value / (factor[i * n + i] as number);
    }
    for (let i = n - 1; i >= 0; i--) {
      const value = (x[i] as number) / (factor[i * n + i] as number);
      x[i] = value;
      for (let j = 0; j < i; j++) x[j] = (x[j] as number) - (factor[i * n + j] as number) * value;
    }
    return x;
  }
}

/** The leading `size` rows and columns of a matrix of `from` columns. */
function compact(matrix: Float64Array, from: number, size: number): Float64Array {
  if (from === size) return matrix;
  const smaller = new Float64Array(size * size);
  for (let i = 0; i < size; i++) smaller.set(matrix.subarray(i * from, i * from + size), i * size);
  return smaller;
}

function dot(values: Float64Array, a: number, b: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += (values[a + k] as number) * (values[b + k] as number);
  return sum;
}
