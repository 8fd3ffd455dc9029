import { constantVariance, type GramProblem } from './gram-problem.ts';
import type { PathPoint } from './sample-path.ts';
import { SupportSolver } from './support-solver.ts';

const ROUNDS = 200;
/** A filter joins when it passes λ by this share of max |c|. */
const VIOLATED = 1e-10;

/**
 * Solves the lasso at one λ from a nearly right point: the equations of the support with its signs fixed, solved afresh. A
 * coefficient that changes sign leaves at the crossing (of several, the first); when none does, the filter that violates
 * the optimality conditions most joins. The objective falls with every exchange, so it ends.
 */
export function polish(problem: GramProblem, point: PathPoint): PathPoint {
  const { p, gram, xty } = problem;
  const { lambda } = point;
  const weight = new Float64Array(p);
  point.coefficients.index.forEach((filter, k) => {
    weight[filter] = point.coefficients.value[k] as number;
  });
  const sign = Float64Array.from(weight, Math.sign);
  const constant = constantVariance(problem);
  const tolerance = VIOLATED * xty.reduce((max, c) => Math.max(max, Math.abs(c)), 0);
  const barred = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const support = indicesOf(sign);
    const solver = SupportSolver.of(gram, p, support);
    for (const filter of solver.dependent) {
      sign[filter] = 0;
      weight[filter] = 0;
      barred.add(filter);
    }
    const target = solver.solve(
      Float64Array.from(solver.support, (i) => (xty[i] as number) - lambda * (sign[i] as number)),
    );
    let step = 1;
    let crossing = -1;
    solver.support.forEach((filter, k) => {
      const from = weight[filter] as number;
      const to = target[k] as number;
      if (to * (sign[filter] as number) > 0) return;
      const share = Math.abs(from) / (Math.abs(from) + Math.abs(to) || 1);
      if (share < step || crossing < 0) {
        step = share;
        crossing = filter;
      }
    });
    solver.support.forEach((filter, k) => {
      const from = weight[filter] as number;
      weight[filter] = step === 1 ? (target[k] as number) : from + step * ((target[k] as number) - from);
    });
    if (crossing >= 0) {
      weight[crossing] = 0;
      sign[crossing] = 0;
      continue;
    }
    const entering = mostViolated(problem, weight, sign, lambda + tolerance, constant, barred);
    if (entering === undefined) break;
    sign[entering.filter] = entering.sign;
  }
  const index = indicesOf(weight);
  return {
    lambda,
    coefficients: { index, value: Float64Array.from(index, (i) => weight[i] as number) },
    nonZero: index.length,
  };
}

function mostViolated(
  { p, gram, xty }: GramProblem,
  weight: Float64Array,
  sign: Float64Array,
  bound: number,
  constant: number,
  barred: ReadonlySet<number>,
): { readonly filter: number; readonly sign: number } | undefined {
  const q = Float64Array.from(xty);
  for (let i = 0; i < p; i++) {
    const w = weight[i] as number;
    if (w !== 0) for (let j = 0; j < p; j++) q[j] = (q[j] as number) - w * (gram[i * p + j] as number);
  }
  let worst = bound;
  let filter = -1;
  for (let j = 0; j < p; j++) {
    const own = Math.abs(q[j] as number);
    if (own <= worst || sign[j] !== 0 || barred.has(j) || (gram[j * p + j] as number) <= constant) continue;
    worst = own;
    filter = j;
  }
  return filter < 0 ? undefined : { filter, sign: Math.sign(q[filter] as number) };
}

function indicesOf(values: Float64Array): Int32Array {
  const index: number[] = [];
  values.forEach((value, i) => {
    if (value !== 0) index.push(i);
  });
  return Int32Array.from(index);
}
