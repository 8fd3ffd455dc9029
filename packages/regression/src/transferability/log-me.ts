import type { TargetBlock } from '../solve/choose-ridge.ts';
import type { Moments } from '../statistics/moments.ts';
import { shiftedSolver, tridiagonalise } from './tridiagonal.ts';

/** As in the authors' code. */
const ROUNDS = 11;
const CONVERGED = 1e-3;
const LEAST = 1e-5;
/** Wider layers would take seconds each. */
const MOST_FILTERS = 1024;

/**
 * LogME (You et al. 2021): the logarithm of the evidence of a Bayesian linear model of each label on the responses, largest over its two precisions, by image and
 * meant over the labels of a task (classes one-hot). Greater is better; comparable between layers and networks on the same images and task.
 * Responses and labels are taken as they are, as the authors do. Of more filters than rows the determinant is that of the paper's formula, over all filters,
 * where the authors' code multiplies as many factors as there are rows. A label that is 0 in every row has no largest evidence and is left out.
 * All that it needs are n, FᵀF, Fᵀy and yᵀy.
 * @param blocks columns of each task; the result has an entry for each, null for more filters than 1024, without rows, where no filter answers to any row,
 * and where every label of the task is left out
 */
export function logMe(moments: Moments, blocks: readonly TargetBlock[]): readonly (number | null)[] {
  const { filters, targets, n } = moments;
  if (filters > MOST_FILTERS || n === 0) return blocks.map(() => null);
  const { gram, cross, targetSquares } = moments.about({
    shift: new Float64Array(filters),
    targetShift: new Float64Array(targets),
  });
  if (gram.every((value) => value === 0)) return blocks.map(() => null);
  const full = new Float64Array(filters * filters);
  for (let i = 0; i < filters; i++) {
    for (let j = 0; j <= i; j++) {
      const value = gram[i * filters + j] as number;
      full[i * filters + j] = value;
      full[j * filters + i] = value;
    }
  }
  const vectors = Array.from({ length: targets }, (_, t) => cross.slice(t * filters, (t + 1) * filters));
  const tridiagonal = tridiagonalise(full, filters, vectors);
  const values = vectors.map((b, t) => {
    const squares = targetSquares[t] as number;
    return squares > 0 ? evidence((shift) => shiftedSolver(tridiagonal, shift), b, squares, n) : null;
  });
  return blocks.map(({ from, count }) => {
    const own = values.slice(from, from + count).filter((value) => value !== null);
    return own.length === 0 ? null : own.reduce((sum, value) => sum + value, 0) / own.length;
  });
}

/** MacKay's fixed point of α and β, starting from 1; the evidence by row. */
function evidence(
  shifted: (t: number) => ReturnType<typeof shiftedSolver>,
  b: Float64Array,
  squares: number,
  n: number,
): number {
  const filters = b.length;
  let [alpha, beta] = [1, 1];
  let value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const t = alpha / beta;
    const { inverseTrace, solve } = shifted(t);
    const m = solve(b);
    const m2 = dot(m, m);
    const residual = Math.max(0, squares - dot(b, m) - t * m2);
    const gamma = filters - t * inverseTrace;
    alpha = gamma / (m2 + LEAST);
    beta = (n - gamma) / (residual + LEAST);
    if (!(alpha > 0) || !(beta > 0)) break;
    // ln det(αI + βG) = filters · ln β + ln det(α/β I + G)
    const determinant = filters * Math.log(beta) + shifted(alpha / beta).logDeterminant;
    value =
      (filters * Math.log(alpha) +
        n * Math.log(beta) -
        determinant -
        beta * residual -
        alpha * m2 -
        n * Math.log(2 * Math.PI)) /
      (2 * n);
    if (Math.abs(alpha / beta - t) / t <= CONVERGED) break;
  }
  return value;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
