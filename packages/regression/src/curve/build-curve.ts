import type { PartSizes } from '../probe/cell.ts';
import type { CentredMoments } from '../statistics/centre.ts';
import type { TaskSpec } from '../task/spec.ts';
import type { CharacteristicCurve } from './characteristic-curve.ts';
import { type ErrorRows, sampleError } from './sample-error.ts';
import { traceGroupLasso } from './trace-group-lasso.ts';
import { traceLasso } from './trace-lasso.ts';

export interface CurveRequest {
  readonly spec: TaskSpec;
  /** Statistics of the training rows and of the validation rows, both in the scaling of the training rows. */
  readonly train: CentredMoments;
  readonly validation: CentredMoments;
  readonly trainRows: ErrorRows;
  readonly validationRows: ErrorRows;
  readonly trial: number;
  readonly n: PartSizes;
  /** Samples of the path. */
  readonly lambdas: number;
}

/** Follows the path of a task and measures it on both parts; see CharacteristicCurve. */
export function buildCurve(request: CurveRequest): CharacteristicCurve {
  const { spec, train, validation, trainRows, validationRows, trial, n, lambdas } = request;
  const grouped = train.targets > 1;
  const trace = grouped ? traceGroupLasso(train, lambdas) : traceLasso(train, validation, lambdas);
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
    rmseTrain: Math.sqrt(sampleError(sample, train, trainRows)),
    rmseValidation: Math.sqrt(sampleError(sample, validation, validationRows)),
    gap: sample.gap,
  }));
  return {
    task: spec.name,
    targets: spec.targets,
    filters: train.filters,
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

/** Signed one-based changes: what left first, then what joined. */
function changesBetween(before: readonly number[], now: readonly number[]): number[] {
  const [old, fresh] = [new Set(before), new Set(now)];
  return [
    ...before.filter((j) => !fresh.has(j)).map((j) => -(j + 1)),
    ...now.filter((j) => !old.has(j)).map((j) => j + 1),
  ];
}
