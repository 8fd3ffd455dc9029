import { Failure } from '@kneepoint/failures';
import { ensureMemory, loadWasm, type WasmMemory } from '../wasm/load-wasm.ts';
import { checkProblem, constantVariance, covarianceFloor, type GramProblem } from './gram-problem.ts';
import { GrowingArray } from './growing-array.ts';
import { DROP, END, type LassoPath } from './path-shape.ts';

interface HomotopyExports {
  readonly memory: WasmMemory;
  layout(base: number, p: number, knots: number, coefficients: number): number;
  gramPointer(): number;
  gramStride(): number;
  correlationPointer(): number;
  refusedPointer(): number;
  lambdaPointer(): number;
  indexPointer(): number;
  kindPointer(): number;
  valuePointer(): number;
  knotCount(): number;
  coefficientCount(): number;
  symmetric(tolerance: number, bound: number): number;
  begin(start: number, constant: number): void;
  advance(last: number): number;
  drain(): void;
}

// The statuses that assembly/homotopy.ts returns.
const DONE = 0;
const STALLED = 2;
const INDEFINITE = 3;

const BASE = 1024;
const KNOTS_PER_ROUND = 4096;
const COEFFICIENTS_PER_ROUND = 1 << 19;

let instance: HomotopyExports | undefined;

/**
 * Runs the homotopy of assembly/homotopy.ts and collects its knots. Throws as `checkProblem` does, and
 * REGRESSION_GRAM_INVALID when the Gram matrix turns out indefinite.
 */
export function followPath(problem: GramProblem, lambdaMinRatio: number, maxKnots: number): LassoPath {
  const { p, gram, xty } = problem;
  const kernel = (instance ??= loadWasm('homotopy') as HomotopyExports);
  const rounds = Math.min(KNOTS_PER_ROUND, maxKnots);
  const padded = Math.ceil(p / 4) * 4;
  checkProblem(problem, 1, (tolerance, bound) => {
    ensureMemory(kernel.memory, kernel.layout(BASE, p, rounds, Math.max(COEFFICIENTS_PER_ROUND, 4 * p)));
    const stride = kernel.gramStride() / 8;
    const matrix = new Float64Array(kernel.memory.buffer, kernel.gramPointer(), padded * stride);
    if (padded !== p) matrix.fill(0);
    for (let i = 0; i < p; i++) matrix.set(gram.subarray(i * p, (i + 1) * p), i * stride);
    return kernel.symmetric(tolerance, bound) !== 0;
  });
  const { buffer } = kernel.memory;

  const constant = constantVariance(problem);
  const correlation = new Float64Array(buffer, kernel.correlationPointer(), padded);
  correlation.fill(0);
  let lambdaMax = 0;
  for (let i = 0; i < p; i++) {
    if ((gram[i * p + i] as number) <= constant) continue;
    correlation[i] = xty[i] as number;
    lambdaMax = Math.max(lambdaMax, Math.abs(xty[i] as number));
  }

  const lambda = new GrowingArray(Float64Array);
  const filter = new GrowingArray(Int32Array);
  const kind = new GrowingArray(Int8Array);
  const values = new GrowingArray(Float64Array);
  let status = DONE;
  if (lambdaMax <= covarianceFloor(problem)) {
    lambdaMax = 0;
    lambda.push([0]);
    filter.push([-1]);
    kind.push([END]);
  } else {
    kernel.begin(lambdaMax, constant);
    do {
      kernel.drain();
      status = kernel.advance(lambdaMax * lambdaMinRatio);
      const knots = kernel.knotCount();
      lambda.push(new Float64Array(buffer, kernel.lambdaPointer(), knots));
      filter.push(new Int32Array(buffer, kernel.indexPointer(), knots));
      kind.push(new Int32Array(buffer, kernel.kindPointer(), knots));
      values.push(new Float64Array(buffer, kernel.valuePointer(), kernel.coefficientCount()));
      if (status === INDEFINITE)
        throw new Failure('REGRESSION_GRAM_INVALID', 'the Gram matrix has a negative eigenvalue, far beyond rounding', {
          where: 'gram',
          fix: 'XᵀX/n of real rows, which is positive semidefinite',
        });
    } while (status !== DONE && status !== STALLED && lambda.length < maxKnots);
  }
  const path = { p, lambdaMax, skipped: skippedFilters(kernel, p, filter.toArray()) };
  if (status === DONE && lambda.length <= maxKnots + 1)
    return { ...path, ...columns(lambda, filter, kind, values), complete: true };
  // An incomplete path ends where its last knot is: the same coefficients once more, under an END.
  const knots = Math.min(lambda.length, maxKnots);
  for (const column of [lambda, filter, kind]) column.truncate(knots);
  const offset = offsets(kind.toArray());
  values.truncate(offset[knots] as number);
  const end = lambda.toArray()[knots - 1] as number;
  lambda.push([end]);
  filter.push([-1]);
  kind.push([END]);
  values.push(values.toArray().slice(offset[knots - 1]));
  return {
    ...path,
    ...columns(lambda, filter, kind, values),
    complete: false,
    stoppedAt: { lambda: end, reason: status === STALLED ? 'degenerate' : 'knots' },
  };
}

function columns(
  lambda: GrowingArray<Float64Array>,
  filter: GrowingArray<Int32Array>,
  kind: GrowingArray<Int8Array>,
  values: GrowingArray<Float64Array>,
) {
  const kinds = kind.toArray();
  return {
    lambda: lambda.toArray(),
    filter: filter.toArray(),
    kind: kinds,
    offset: offsets(kinds),
    values: values.toArray(),
  };
}

/** Where the coefficients of each knot start: as many as filters are active after its event. */
function offsets(kind: Int8Array): Float64Array {
  const offset = new Float64Array(kind.length + 1);
  let active = 0;
  kind.forEach((event, j) => {
    if (event !== END) active += event === DROP ? -1 : 1;
    offset[j + 1] = (offset[j] as number) + active;
  });
  return offset;
}

function skippedFilters(kernel: HomotopyExports, p: number, joined: Int32Array): Int32Array {
  const refused = new Int32Array(kernel.memory.buffer, kernel.refusedPointer(), p);
  const used = new Set(joined);
  const skipped: number[] = [];
  refused.forEach((flag, i) => {
    if (flag !== 0 && !used.has(i)) skipped.push(i);
  });
  return Int32Array.from(skipped);
}
