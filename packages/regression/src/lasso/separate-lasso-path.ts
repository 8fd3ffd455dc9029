import { CERTIFIED_GAP } from './certify.ts';
import type { GramProblem } from './gram-problem.ts';

/** One target with the moments of the rows that it is known on, and what its squared error counts. */
export interface SeparateTarget extends Omit<GramProblem, 'p'> {
  readonly weight: number;
}

export interface SeparatePoint {
  readonly lambda: number;
  /** Filters with weight, ascending, and their weights, index.length × targets. */
  readonly index: Int32Array;
  readonly weights: Float64Array;
  /** Duality gap, in units of the targets' variance. */
  readonly gap: number;
}

export interface SeparatePath {
  readonly points: readonly SeparatePoint[];
  /** Positions of the points that are over the tolerance. */
  readonly failed: readonly number[];
}

/** Multiply-adds at one λ before it is given up, some seconds: filters that answer much alike take hundreds of sweeps. */
const MOST_WORK = 4e9;
const MOST_SWEEPS = 5000;
/** After so many sweeps they are extrapolated. */
const EXTRAPOLATED = 5;

/** max_j ‖(weight_t · xty_tj)_t‖₂: the smallest λ without any filter. */
export function separateLambdaMax(targets: readonly SeparateTarget[]): number {
  const filters = targets[0]!.xty.length;
  const scale = targets.reduce((sum, { yy, weight }) => sum + weight * yy, 0);
  let largest = 0;
  for (let j = 0; j < filters; j++) {
    largest = Math.max(largest, Math.hypot(...targets.map(({ xty, weight }) => weight * xty[j]!)));
  }
  return largest <= 1e-13 * Math.sqrt(scale) ? 0 : largest;
}

/**
 * Minimises ½ Σ_t weight_t (yy_t − 2c_tᵀw_t + w_tᵀG_t w_t) + λ Σ_j ‖(w_tj)_t‖₂ at each λ: the group lasso of targets that are not known on the same
 * rows, so that each has a Gram matrix of its own. Block coordinate descent over filters, those with weight first, with Anderson's
 * extrapolation (Bertrand and Massias 2021); certified by the duality gap, the residuals scaled to the dual ball. `lambdas` fall.
 */
export function separateLassoPath(
  targets: readonly SeparateTarget[],
  lambdas: ArrayLike<number>,
  tolerance = CERTIFIED_GAP,
): SeparatePath {
  const solver = new SeparateSolver(targets);
  const points = Array.from(lambdas, (lambda) => solver.solve(lambda, tolerance));
  return { points, failed: points.flatMap(({ gap }, i) => (gap <= tolerance ? [] : [i])) };
}

class SeparateSolver {
  readonly #targets: readonly SeparateTarget[];
  readonly #filters: number;
  readonly #count: number;
  readonly #variance: number;
  /** Of each filter, the largest curvature over the targets; 0 where it stands still on the rows of all. */
  readonly #curvature: Float64Array;
  /** Multiply-adds since the last λ. */
  #work = 0;
  /** filters × targets. */
  #weights: Float64Array;
  /** targets × filters: weight · (c − Gw), what is left to explain. */
  #left: Float64Array;

  constructor(targets: readonly SeparateTarget[]) {
    this.#targets = targets;
    this.#filters = targets[0]!.xty.length;
    this.#count = targets.length;
    this.#variance = targets.reduce((sum, { yy, weight }) => sum + weight * yy, 0);
    this.#curvature = Float64Array.from({ length: this.#filters }, (_, j) =>
      targets.reduce((most, { gram, weight }) => Math.max(most, weight * gram[j * this.#filters + j]!), 0),
    );
    this.#weights = new Float64Array(this.#filters * this.#count);
    this.#left = this.#leftOf(this.#weights);
  }

  solve(lambda: number, tolerance: number): SeparatePoint {
    let gap = this.#gap(lambda);
    let past: Float64Array[] = [this.#weights.slice()];
    this.#work = 0;
    for (let sweep = 1; gap > tolerance && sweep <= MOST_SWEEPS && this.#work < MOST_WORK; sweep++) {
      // All filters now and then, between them those that already have weight.
      this.#sweep(lambda, sweep % EXTRAPOLATED === 1);
      past.push(this.#weights.slice());
      if (past.length <= EXTRAPOLATED) continue;
      this.#extrapolate(past, lambda);
      past = [this.#weights.slice()];
      gap = this.#gap(lambda);
    }
    return { lambda, ...this.#sparse(), gap };
  }

  #sweep(lambda: number, all: boolean): void {
    const count = this.#count;
    const step = new Float64Array(count);
    for (let j = 0; j < this.#filters; j++) {
      const own = this.#weights.subarray(j * count, (j + 1) * count);
      const curvature = this.#curvature[j]!;
      if (curvature === 0 || (!all && own.every((weight) => weight === 0))) continue;
      let square = 0;
      for (let t = 0; t < count; t++) {
        step[t] = own[t]! + this.#left[t * this.#filters + j]! / curvature;
        square += step[t]! ** 2;
      }
      const kept = square === 0 ? 0 : Math.max(0, 1 - lambda / (curvature * Math.sqrt(square)));
      for (let t = 0; t < count; t++) {
        const change = kept * step[t]! - own[t]!;
        if (change === 0) continue;
        own[t] = kept * step[t]!;
        this.#moveLeft(t, j, change);
      }
    }
  }

  #moveLeft(t: number, j: number, change: number): void {
    const { gram, weight } = this.#targets[t]!;
    const filters = this.#filters;
    const scaled = weight * change;
    this.#work += filters;
    for (let k = 0, at = j * filters, to = t * filters; k < filters; k++, at++, to++)
      this.#left[to]! -= scaled * gram[at]!;
  }

  /** The combination of the last iterates whose steps cancel best, where it is better than the last of them. */
  #extrapolate(past: readonly Float64Array[], lambda: number): void {
    const steps = past.slice(1).map((weights, i) => weights.map((weight, at) => weight - past[i]![at]!));
    const mix = cancelling(steps);
    if (!mix) return;
    const mixed = new Float64Array(this.#weights.length);
    mix.forEach((share, i) => past[i + 1]!.forEach((weight, at) => (mixed[at]! += share * weight)));
    const left = this.#leftOf(mixed);
    if (this.#objective(mixed, left, lambda) >= this.#objective(this.#weights, this.#left, lambda)) return;
    [this.#weights, this.#left] = [mixed, left];
  }

  #leftOf(weights: Float64Array): Float64Array {
    const [filters, count] = [this.#filters, this.#count];
    const left = new Float64Array(filters * count);
    this.#targets.forEach(({ gram, xty, weight }, t) => {
      for (let k = 0; k < filters; k++) left[t * filters + k] = weight * xty[k]!;
      for (let j = 0; j < filters; j++) {
        const scaled = weight * weights[j * count + t]!;
        if (scaled === 0) continue;
        for (let k = 0, at = j * filters; k < filters; k++, at++) left[t * filters + k]! -= scaled * gram[at]!;
      }
    });
    return left;
  }

  /** Σ weight · rᵀy/n and Σ weight · rᵀr/n over the targets, r the residual: yy − cᵀw, and that less wᵀ(c − Gw). */
  #products(weights: Float64Array, left: Float64Array): readonly [number, number] {
    const [filters, count] = [this.#filters, this.#count];
    let [explained, open] = [0, 0];
    this.#targets.forEach(({ xty, weight }, t) => {
      for (let j = 0; j < filters; j++) {
        const own = weights[j * count + t]!;
        if (own === 0) continue;
        explained += weight * xty[j]! * own;
        open += left[t * filters + j]! * own;
      }
    });
    return [this.#variance - explained, Math.max(0, this.#variance - explained - open)];
  }

  #norms(weights: Float64Array): number {
    let sum = 0;
    for (let j = 0; j < this.#filters; j++)
      sum += Math.hypot(...weights.subarray(j * this.#count, (j + 1) * this.#count));
    return sum;
  }

  #objective(weights: Float64Array, left: Float64Array, lambda: number): number {
    return this.#products(weights, left)[1] / 2 + lambda * this.#norms(weights);
  }

  #gap(lambda: number): number {
    if (this.#variance === 0) return 0;
    const [withTruth, square] = this.#products(this.#weights, this.#left);
    let steepest = 0;
    for (let j = 0; j < this.#filters; j++) {
      const slopes = this.#targets.map((_, t) => this.#left[t * this.#filters + j]!);
      steepest = Math.max(steepest, Math.hypot(...slopes));
    }
    const scale = Math.min(steepest > 0 ? lambda / steepest : 1, square > 0 ? withTruth / square : 1);
    const primal = square / 2 + lambda * this.#norms(this.#weights);
    const dual = scale * withTruth - (scale ** 2 * square) / 2;
    return Math.max(0, primal - dual) / this.#variance;
  }

  #sparse(): Pick<SeparatePoint, 'index' | 'weights'> {
    const count = this.#count;
    const rowOf = (j: number): Float64Array => this.#weights.subarray(j * count, (j + 1) * count);
    const index = Int32Array.from({ length: this.#filters }, (_, j) => j).filter((j) =>
      rowOf(j).some((weight) => weight !== 0),
    );
    const weights = new Float64Array(index.length * count);
    index.forEach((j, k) => weights.set(rowOf(j), k * count));
    return { index, weights };
  }
}

/** Shares that sum to 1 and make the sum of `steps` smallest; undefined where they are not determined. */
function cancelling(steps: readonly Float64Array[]): readonly number[] | undefined {
  const size = steps.length;
  const matrix = steps.map((a) => steps.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)));
  const trace = matrix.reduce((sum, row, i) => sum + row[i]!, 0);
  const solution = Array.from({ length: size }, () => 1);
  matrix.forEach((row, i) => (row[i]! += 1e-12 * trace));
  for (let i = 0; i < size; i++) {
    const pivot = matrix[i]![i]!;
    if (!(pivot > 0)) return undefined;
    for (let k = i + 1; k < size; k++) {
      const factor = matrix[k]![i]! / pivot;
      for (let m = i; m < size; m++) matrix[k]![m]! -= factor * matrix[i]![m]!;
      solution[k]! -= factor * solution[i]!;
    }
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let m = i + 1; m < size; m++) solution[i]! -= matrix[i]![m]! * solution[m]!;
    solution[i]! /= matrix[i]![i]!;
  }
  const sum = solution.reduce((a, b) => a + b, 0);
  return Number.isFinite(sum) && sum !== 0 ? solution.map((value) => value / sum) : undefined;
}
