import { constantVariance, type GramProblem } from './gram-problem.ts';
import type { PathPoint } from './sample-path.ts';
import { SupportSolver } from './support-solver.ts';

/** Exchanges allowed, beside two for each filter. */
const ROUNDS = 100;
/** A filter joins when it passes λ by this share of max |c|. */
const VIOLATED = 1e-10;

/**
 * Solves the lasso at one λ from a nearly right point, by an active-set method: the equations of the support with its signs
 * fixed, solved afresh. A coefficient that changes sign leaves at the crossing (of several, the first); when none does, the
 * filter that violates the optimality conditions most joins, or takes the place of one when it is collinear with the support.
 * The objective falls with every exchange, so it ends.
 */
export function polish(problem: GramProblem, point: PathPoint): PathPoint {
  const { p, gram, xty } = problem;
  const { lambda } = point;
  const { index, value } = point.coefficients;
  const weight = new Float64Array(p);
  index.forEach((filter, k) => {
    weight[filter] = value[k] as number;
  });
  const sign = Float64Array.from(weight, Math.sign);
  const constant = constantVariance(problem);
  const bound = lambda + VIOLATED * xty.reduce((max, c) => Math.max(max, Math.abs(c)), 0);
  let support = Array.from(index);
  let entering = -1;
  const leave = (filter: number) => {
    weight[filter] = 0;
    sign[filter] = 0;
    support = support.filter((other) => other !== filter);
  };
  for (let round = 0; round < ROUNDS + 2 * p; round++) {
    const solver = SupportSolver.of(gram, p, support);
    const move = new Map<number, number>();
    if (solver.dependent.includes(entering)) {
      // Along this direction the fit stays and the penalty falls, so only a crossing ends it.
      const shares = solver.solve(solver.support.map((i) => gram[i * p + entering] as number));
      solver.support.forEach((filter, k) => move.set(filter, -(sign[entering] as number) * (shares[k] as number)));
    } else {
      solver.dependent.forEach(leave);
      const target = solver.solve(solver.support.map((i) => (xty[i] as number) - lambda * (sign[i] as number)));
      solver.support.forEach((filter, k) => move.set(filter, (target[k] as number) - (weight[filter] as number)));
    }
    const exchange = solver.dependent.includes(entering);
    let step = exchange ? Infinity : 1;
    let crossing = -1;
    for (const [filter, change] of move) {
      const room = -(weight[filter] as number) / change;
      if (change * (sign[filter] as number) >= 0 || room >= step) continue;
      step = room;
      crossing = filter;
    }
    if (exchange && crossing < 0) {
      leave(entering);
      break;
    }
    for (const [filter, change] of move) weight[filter] = (weight[filter] as number) + step * change;
    if (exchange) weight[entering] = (weight[entering] as number) + step * (sign[entering] as number);
    if (crossing >= 0) {
      leave(crossing);
      continue;
    }
    entering = mostViolated(problem, weight, bound, constant);
    if (entering < 0) break;
    sign[entering] = Math.sign(residualAt(problem, weight, entering));
    support.push(entering);
  }
  const used = indicesOf(weight);
  return {
    lambda,
    coefficients: { index: used, value: Float64Array.from(used, (i) => weight[i] as number) },
    nonZero: used.length,
  };
}

/** The filter outside the support whose correlation with the residual is furthest over the bound; −1 for none. */
function mostViolated(problem: GramProblem, weight: Float64Array, bound: number, constant: number): number {
  const { p, gram } = problem;
  let worst = bound;
  let found = -1;
  for (let j = 0; j < p; j++) {
    if (weight[j] !== 0 || (gram[j * p + j] as number) <= constant) continue;
    const own = Math.abs(residualAt(problem, weight, j));
    if (own <= worst) continue;
    worst = own;
    found = j;
  }
  return found;
}

function residualAt({ p, gram, xty }: GramProblem, weight: Float64Array, filter: number): number {
  let q = xty[filter] as number;
  for (let i = 0; i < p; i++) q -= (gram[filter * p + i] as number) * (weight[i] as number);
  return q;
}

function indicesOf(values: Float64Array): Int32Array {
  const index: number[] = [];
  values.forEach((value, i) => {
    if (value !== 0) index.push(i);
  });
  return Int32Array.from(index);
}
