import type { PartSizes } from '../probe/cell.ts';
import type { CentredMoments } from '../statistics/centre.ts';
import type { TaskSpec } from '../task/spec.ts';
import type { CharacteristicCurve } from './characteristic-curve.ts';
import { type ErrorRows, sampleError } from './sample-error.ts';
import type { Sample, Trace } from './trace.ts';
import { traceGroupLasso } from './trace-group-lasso.ts';
import { traceLasso } from './trace-lasso.ts';
import { traceSeparateLasso } from './trace-separate-lasso.ts';

/** Targets that are known on the same rows. */
export interface CurvePart {
  /** Statistics of the training rows and of the validation rows, both in the scaling of the training rows. */
  readonly train: CentredMoments;
  readonly validation: CentredMoments;
  readonly trainRows: ErrorRows;
  readonly validationRows: ErrorRows;
}

export interface CurveRequest {
  readonly spec: TaskSpec;
  /** All targets together, or each by itself where they are not known on the same rows. */
  readonly parts: readonly CurvePart[];
  readonly trial: number;
  readonly n: PartSizes;
  /** Samples of the path. */
  readonly lambdas: number;
}

/** Follows the path of a task and measures it on both parts; see CharacteristicCurve. */
export function buildCurve(request: CurveRequest): CharacteristicCurve {
  const { spec, parts, trial, n, lambdas } = request;
  const [first] = parts;
  const { filters, targets } = first!.train;
  const grouped = parts.length > 1 || targets > 1;
  const trace = traceOf(parts, lambdas);
  let before: readonly number[] = [];
  const supports = trace.samples.map(({ index }) => {
    const now = Array.from(index);
    const changes = changesBetween(before, now);
    before = now;
    return changes;
  });
  const points = trace.samples.map((sample) => ({
    lambda: sample.lambda,
    filters: sample.index.length,
    rmseTrain: Math.sqrt(errorOf(sample, parts, 'train')),
    rmseValidation: Math.sqrt(errorOf(sample, parts, 'validation')),
    gap: sample.gap,
  }));
  return {
    task: spec.name,
    targets: spec.targets,
    filters,
    grouped,
    standardised: true,
    trial,
    n,
    lambdaMax: trace.lambdaMax,
    points,
    supports,
    uncertified: trace.uncertified,
    segments: trace.segments,
    skipped: trace.skipped,
    complete: trace.complete,
  };
}

function traceOf(parts: readonly CurvePart[], lambdas: number): Trace {
  const [{ train, validation }] = parts as [CurvePart];
  if (parts.length > 1) return traceSeparateLasso(parts, lambdas);
  return train.targets > 1 ? traceGroupLasso(train, lambdas) : traceLasso(train, validation, lambdas);
}

/** Mean squared error over all rows and targets that are known. */
function errorOf(
  { index, weights, ...sample }: Sample,
  parts: readonly CurvePart[],
  on: 'train' | 'validation',
): number {
  const width = weights.length / Math.max(1, index.length);
  let [sum, known] = [0, 0];
  parts.forEach((part, i) => {
    const own = parts.length === 1 ? weights : weights.filter((_, at) => at % width === i);
    const moments = part[on];
    const error = sampleError({ ...sample, index, weights: own }, moments, part[`${on}Rows`]);
    sum += moments.n * error;
    known += moments.n;
  });
  return sum / known;
}

/** Signed one-based changes: what left first, then what joined. */
function changesBetween(before: readonly number[], now: readonly number[]): number[] {
  const [old, fresh] = [new Set(before), new Set(now)];
  return [
    ...before.filter((j) => !fresh.has(j)).map((j) => -(j + 1)),
    ...now.filter((j) => !old.has(j)).map((j) => j + 1),
  ];
}
