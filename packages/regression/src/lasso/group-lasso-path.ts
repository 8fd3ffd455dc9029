import { Failure } from '@kneepoint/failures';
import { CERTIFIED_GAP } from './certify.ts';
import { checkProblem, constantVariance, covarianceFloor, type GroupProblem } from './gram-problem.ts';
import { GroupSolver, type GroupSolution } from './group-kernel.ts';

export interface GroupPoint extends GroupSolution {
  readonly lambda: number;
}

export interface GroupPath {
  /** The smallest λ at which every row is 0. */
  readonly lambdaMax: number;
  /** In the order of the λ that were asked for. */
  readonly points: readonly GroupPoint[];
  /** Positions of the points that are over a tolerance. */
  readonly failed: readonly number[];
}

export interface GroupPathOptions {
  /** Relative duality gap to reach; the optimality conditions are held to ten times as much of λmax. Default 1e-9. */
  readonly tolerance?: number;
  /** Rounds of descent and Newton at one λ before it is given up. Default 500; a few are the rule, many occur where filters are
   * linear combinations of each other. */
  readonly maxRounds?: number;
}

/** max_j ‖xty_j‖₂ over the filters that vary; 0 when nothing but rounding is left of the covariance. */
export function groupLambdaMax(problem: GroupProblem): number {
  const { p, targets, gram, xty } = problem;
  const constant = constantVariance(problem);
  const size = xty.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (size === 0) return 0;
  let largest = 0;
  for (let j = 0; j < p; j++) {
    if ((gram[j * p + j] as number) <= constant) continue;
    // Divided by the largest first, so that no square leaves the range of numbers.
    let square = 0;
    for (let t = 0; t < targets; t++) square += ((xty[j * targets + t] as number) / size) ** 2;
    largest = Math.max(largest, size * Math.sqrt(square));
  }
  return largest <= covarianceFloor(problem) ? 0 : largest;
}

/**
 * Minimises ½ tr(yy − 2CᵀW + WᵀGW) + λ Σ_j ‖W_j‖₂ for W of p × T at each λ, so that a filter is used by all targets or by none.
 * `lambdas` fall; each solution continues the last ones by descent, or Newton's method where that comes to nothing. The dual
 * point is the residual scaled to max_j ‖q_j‖ ≤ λ, as for one target. Constant filters keep a row of 0; of duplicates all may
 * be used, since the penalty is strictly convex along the rows.
 * Throws as `lassoPath` does; REGRESSION_SETTING_INVALID when λ does not fall or is not positive.
 */
export function groupLassoPath(
  problem: GroupProblem,
  lambdas: ArrayLike<number>,
  options: GroupPathOptions = {},
): GroupPath {
  const { tolerance = CERTIFIED_GAP, maxRounds = 500 } = options;
  if (!(tolerance > 0)) invalid('tolerance', tolerance, 'a number over 0');
  if (!(Number.isInteger(maxRounds) && maxRounds > 0)) invalid('maxRounds', maxRounds, 'a whole number from 1 on');
  const { targets } = problem;
  if (!Number.isInteger(targets) || targets < 1) invalid('targets', targets, 'a whole number from 1 on');
  checkProblem(problem, targets);
  const lambdaMax = groupLambdaMax(problem);
  if (lambdaMax === 0) return { lambdaMax, points: Array.from(lambdas, emptyPoint), failed: [] };
  const solver = new GroupSolver(problem, lambdaMax);
  const points: GroupPoint[] = [];
  let previous = Infinity;
  for (let i = 0; i < lambdas.length; i++) {
    const lambda = lambdas[i] as number;
    if (!(lambda > 0 && lambda <= previous)) invalid(`lambdas[${i}]`, lambda, 'positive numbers, largest first');
    points.push({ lambda, ...solver.solve(lambda, tolerance, 10 * tolerance, maxRounds) });
    previous = lambda;
  }
  const failed = points.flatMap(({ gap, kkt }, i) => (gap <= tolerance && kkt <= 10 * tolerance ? [] : [i]));
  return { lambdaMax, points, failed };
}

function emptyPoint(lambda: number): GroupPoint {
  return { lambda, index: new Int32Array(0), weights: new Float64Array(0), gap: 0, kkt: 0, rounds: 0 };
}

function invalid(where: string, value: number, fix: string): never {
  throw new Failure('REGRESSION_SETTING_INVALID', `${where} is ${value}`, { where, fix });
}
