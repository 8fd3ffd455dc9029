import { ensureMemory, loadWasm, type WasmMemory } from '../wasm/load-wasm.ts';
import { constantVariance, type GroupProblem } from './gram-problem.ts';

interface GroupExports {
  readonly memory: WasmMemory;
  layout(base: number, p: number, targets: number): number;
  gramPointer(): number;
  gramStride(): number;
  correlationPointer(): number;
  weightPointer(): number;
  lastGap(): number;
  lastViolation(): number;
  begin(total: number, least: number): void;
  solve(next: number, reach: number, tolerance: number, violationTolerance: number, maxRounds: number): number;
}

const BASE = 1024;

let instance: GroupExports | undefined;

export interface GroupSolution {
  /** Rows of W that are not 0, in rising order, and their values (rows × targets, row-major). */
  readonly index: Int32Array;
  readonly weights: Float64Array;
  /** Duality gap, in units of yy. */
  readonly gap: number;
  /** Largest violation of the optimality conditions, in units of λmax. */
  readonly kkt: number;
  readonly rounds: number;
}

/** The L2,1 lasso of assembly/group.ts at falling λ, each solution started from the last. One at a time. */
export class GroupSolver {
  readonly #kernel: GroupExports;
  readonly #problem: GroupProblem;
  readonly #lambdaMax: number;
  readonly #weights: Float64Array;
  readonly #lanes: number;

  constructor(problem: GroupProblem, lambdaMax: number) {
    const { p, targets, gram, xty, yy } = problem;
    const kernel = (instance ??= loadWasm('group') as GroupExports);
    ensureMemory(kernel.memory, kernel.layout(BASE, p, targets));
    const { buffer } = kernel.memory;
    const padded = Math.ceil(p / 4) * 4;
    const lanes = Math.ceil(targets / 4) * 4;
    const stride = kernel.gramStride() / 8;
    const matrix = new Float64Array(buffer, kernel.gramPointer(), padded * stride);
    matrix.fill(0);
    for (let i = 0; i < p; i++) matrix.set(gram.subarray(i * p, (i + 1) * p), i * stride);
    const correlation = new Float64Array(buffer, kernel.correlationPointer(), padded * lanes);
    correlation.fill(0);
    for (let i = 0; i < p; i++) correlation.set(xty.subarray(i * targets, (i + 1) * targets), i * lanes);
    kernel.begin(yy, constantVariance(problem));
    this.#kernel = kernel;
    this.#problem = problem;
    this.#lambdaMax = lambdaMax;
    this.#lanes = lanes;
    this.#weights = new Float64Array(buffer, kernel.weightPointer(), padded * lanes);
  }

  /** `reach`: how much of the last change to expect again. Stops at both tolerances or after `maxRounds`. */
  solve(lambda: number, reach: number, gap: number, kkt: number, maxRounds: number): GroupSolution {
    const { p, targets, yy } = this.#problem;
    const rounds = this.#kernel.solve(lambda, reach, gap, kkt * this.#lambdaMax, maxRounds);
    const index: number[] = [];
    for (let j = 0; j < p; j++)
      if (this.#weights.subarray(j * this.#lanes, (j + 1) * this.#lanes).some((w) => w !== 0)) index.push(j);
    const weights = new Float64Array(index.length * targets);
    index.forEach((j, k) => {
      weights.set(this.#weights.subarray(j * this.#lanes, j * this.#lanes + targets), k * targets);
    });
    return {
      index: Int32Array.from(index),
      weights,
      gap: yy > 0 ? Math.max(0, this.#kernel.lastGap() / yy) : 0,
      kkt: Math.max(0, this.#kernel.lastViolation() / this.#lambdaMax),
      rounds,
    };
  }
}
