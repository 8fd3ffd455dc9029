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
  solve(
    next: number,
    reach: number,
    second: number,
    third: number,
    tolerance: number,
    violationTolerance: number,
    maxRounds: number,
  ): number;
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
  /** The last three λ, latest first. */
  #past: readonly number[] = [];

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

  /** Stops at both tolerances or after `maxRounds`. */
  solve(lambda: number, gap: number, kkt: number, maxRounds: number): GroupSolution {
    const { targets, yy } = this.#problem;
    const [reach, second, third] = this.#expect(lambda);
    const rounds = this.#kernel.solve(lambda, reach, second, third, gap, kkt * this.#lambdaMax, maxRounds);
    return {
      ...this.#takeRows(targets),
      gap: yy > 0 ? Math.max(0, this.#kernel.lastGap() / yy) : 0,
      kkt: Math.max(0, this.#kernel.lastViolation() / this.#lambdaMax),
      rounds,
    };
  }

  /** How the last solutions continue to `lambda`: on a line, and the weights of the two before the last on a parabola. */
  #expect(lambda: number): readonly [number, number, number] {
    const [x1 = Infinity, x2 = Infinity, x3 = Infinity] = this.#past;
    this.#past = [lambda, x1, x2];
    const reach = (x1 - lambda) / (x2 - x1);
    // The first λ of a path have nothing before them, and far beyond the last solutions these say little.
    if (!(reach >= 0 && reach < 1.5 && Number.isFinite(x2))) return [0, 0, 0];
    if (!(x3 > x2 && Number.isFinite(x3))) return [reach, 0, 0];
    const second = ((lambda - x1) * (lambda - x3)) / ((x2 - x1) * (x2 - x3));
    const third = ((lambda - x1) * (lambda - x2)) / ((x3 - x1) * (x3 - x2));
    return [reach, second, third];
  }

  #takeRows(targets: number): { index: Int32Array; weights: Float64Array } {
    const all = this.#weights;
    const lanes = this.#lanes;
    const { p } = this.#problem;
    const index = new Int32Array(p);
    let count = 0;
    for (let j = 0; j < p; j++) {
      const start = j * lanes;
      for (let t = 0; t < targets; t++)
        if (all[start + t] !== 0) {
          index[count++] = j;
          break;
        }
    }
    const weights = new Float64Array(count * targets);
    for (let k = 0, at = 0; k < count; k++) {
      const start = (index[k] as number) * lanes;
      for (let t = 0; t < targets; t++) weights[at++] = all[start + t] as number;
    }
    return { index: index.slice(0, count), weights };
  }
}
