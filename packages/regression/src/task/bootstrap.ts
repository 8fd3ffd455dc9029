import { Random } from '../random.ts';
import { judge } from './judge.ts';
import { takeRows } from './labels.ts';
import type { TaskSpec } from './spec.ts';

/** How much a metric would move on other images (or other subjects) of the same kind. */
export interface Interval {
  /** Of 95 % of the resamples. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation over the resamples. */
  readonly standardError: number;
}

export interface BootstrapRequest {
  /** Rows × targets; see `judge`. */
  readonly scores: Float64Array;
  readonly labels: Float64Array;
  readonly thresholds: readonly number[];
  /** The subject of each row: rows of a subject are drawn together. Absent: every row is its own. */
  readonly groups?: ArrayLike<number> | undefined;
  readonly seed?: number;
  readonly resamples?: number;
}

/** So many, unless the rows are so many that fewer tell as much. */
const RESAMPLES = 500;
const LEAST_RESAMPLES = 100;
const MOST_ROWS = 2e7;

/**
 * Percentile bootstrap of a task's main metric (Efron 1979; clusters drawn whole as in Davison and Hinkley 1997, §3.8): rows, or the subjects that they
 * belong to, are drawn anew with replacement, and the metric is taken of each such draw. The same seed gives the same interval.
 */
export function bootstrapInterval(spec: TaskSpec, request: BootstrapRequest): Interval {
  const { scores, labels, thresholds, groups, seed = 1 } = request;
  const targets = spec.targets.length;
  const rows = labels.length / targets;
  const resamples = request.resamples ?? Math.max(LEAST_RESAMPLES, Math.min(RESAMPLES, Math.round(MOST_ROWS / rows)));
  const clusters = clustersOf(rows, groups);
  const random = Random.seeded(seed, clusters.length);
  const values = Float64Array.from({ length: resamples }, () => {
    const drawn = Int32Array.from(clusters.flatMap(() => clusters[random.below(clusters.length)]!));
    return judge(spec, takeRows(scores, drawn, targets), takeRows(labels, drawn, targets), thresholds).value;
  }).sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / resamples;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / resamples;
  return {
    low: quantile(values, 0.025),
    high: quantile(values, 0.975),
    standardError: Math.sqrt(variance),
  };
}

function clustersOf(rows: number, groups: ArrayLike<number> | undefined): readonly (readonly number[])[] {
  if (groups === undefined) return Array.from({ length: rows }, (_, row) => [row]);
  const clusters = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const own = clusters.get(groups[row]!);
    if (own) own.push(row);
    else clusters.set(groups[row]!, [row]);
  }
  return [...clusters.values()];
}

/** Between the two nearest of ascending values. */
function quantile(values: Float64Array, share: number): number {
  const at = share * (values.length - 1);
  const below = Math.floor(at);
  const above = Math.min(values.length - 1, below + 1);
  return values[below]! + (at - below) * (values[above]! - values[below]!);
}
