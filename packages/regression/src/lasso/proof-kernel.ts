import { Failure } from '@kneepoint/failures';
import { ensureMemory, loadWasm, type WasmMemory } from '../wasm/load-wasm.ts';
import { checkProblem, type GramProblem } from './gram-problem.ts';
import type { PathPoint } from './sample-path.ts';

interface ProofExports {
  readonly memory: WasmMemory;
  layout(base: number, p: number, points: number): number;
  gramPointer(): number;
  correlationPointer(): number;
  lambdaPointer(): number;
  startPointer(): number;
  filterPointer(): number;
  valuePointer(): number;
  outcomePointer(): number;
  symmetric(tolerance: number, bound: number): number;
  judge(count: number): number;
}

/** What a certificate is worked out from, with q = c − Gw of one point. */
export interface Judgement {
  /** max |q|. */
  readonly steepest: number;
  /** Largest violation of q = λ sign(w), |q| ≤ λ. */
  readonly violation: number;
  /** cᵀw, wᵀq and Σ |w|. */
  readonly explained: number;
  readonly product: number;
  readonly norm: number;
}

const BASE = 1024;
/** Most points judged in one call. */
const POINTS = 128;

let instance: ProofExports | undefined;

/**
 * Checks a problem and judges points of it by the kernel of assembly/proof.ts. One at a time: a new one takes the memory of the
 * last. Throws as `checkProblem` does, and REGRESSION_SHAPE when a point names a filter that there is not.
 */
export class Judge {
  readonly #kernel: ProofExports;
  readonly #capacity: number;
  readonly #p: number;

  constructor(problem: GramProblem, points: number) {
    const { p, gram, xty } = problem;
    const kernel = (instance ??= loadWasm('proof') as ProofExports);
    const padded = Math.ceil(p / 4) * 4;
    this.#kernel = kernel;
    this.#p = p;
    this.#capacity = Math.min(POINTS, Math.max(4, Math.ceil(points / 4) * 4));
    checkProblem(problem, 1, (tolerance, bound) => {
      ensureMemory(kernel.memory, kernel.layout(BASE, p, this.#capacity));
      const matrix = new Float64Array(kernel.memory.buffer, kernel.gramPointer(), padded * padded);
      if (padded === p) matrix.set(gram);
      else {
        matrix.fill(0);
        for (let i = 0; i < p; i++) matrix.set(gram.subarray(i * p, (i + 1) * p), i * padded);
      }
      return kernel.symmetric(tolerance, bound) !== 0;
    });
    const correlation = new Float64Array(kernel.memory.buffer, kernel.correlationPointer(), padded);
    correlation.fill(0);
    correlation.set(xty);
  }

  judge(points: readonly PathPoint[]): Judgement[] {
    const judgements: Judgement[] = [];
    for (let first = 0; first < points.length; first += this.#capacity)
      this.#judgeBlock(points.slice(first, first + this.#capacity), judgements);
    return judgements;
  }

  #judgeBlock(points: readonly PathPoint[], judgements: Judgement[]): void {
    const kernel = this.#kernel;
    const { buffer } = kernel.memory;
    const lambdas = new Float64Array(buffer, kernel.lambdaPointer(), points.length);
    const starts = new Int32Array(buffer, kernel.startPointer(), points.length + 1);
    const filters = new Int32Array(buffer, kernel.filterPointer(), this.#p * points.length);
    const values = new Float64Array(buffer, kernel.valuePointer(), this.#p * points.length);
    let start = 0;
    points.forEach(({ lambda, coefficients: { index, value } }, i) => {
      lambdas[i] = lambda;
      starts[i] = start;
      filters.set(index, start);
      values.set(value, start);
      start += index.length;
    });
    starts[points.length] = start;
    if (kernel.judge(points.length) === 0)
      throw new Failure('REGRESSION_SHAPE', `a point has weight on a filter that there is not`, {
        where: 'points',
        fix: `filters from 0 to ${this.#p - 1}`,
      });
    const outcome = new Float64Array(buffer, kernel.outcomePointer(), 5 * points.length);
    for (let i = 0; i < points.length; i++) {
      const [steepest = 0, violation = 0, explained = 0, product = 0, norm = 0] = outcome.subarray(5 * i, 5 * i + 5);
      judgements.push({ steepest, violation, explained, product, norm });
    }
  }
}
