import { Random } from '../random.ts';
import { judge, metricOf } from './judge.ts';
import { takeRows } from './labels.ts';
import type { TaskSpec } from './spec.ts';

/** How much a metric would move on other images (or other subjects) of the same kind. */
export interface Interval {
  /** Of 95 % of the resamples. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation over the resamples. */
  readonly standardError: number;
  /** What was drawn: subjects whole, or, where there are fewer than five of them, images, which says nothing about other subjects. */
  readonly drawn: 'image' | 'subject';
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
/** Of so few, any spread between their means is by chance: one gives none at all. */
const LEAST_SUBJECTS = 5;
const TWO_SIDED_95 = 1.96;

/** A metric on resamples, in the order in which they were drawn. */
export interface Bootstrap {
  /** The same rows, subjects, seed and number give the same draws, whatever was answered: two networks are compared draw by draw. */
  readonly draws: Float64Array;
  readonly interval: Interval;
}

/**
 * Percentile bootstrap of a task's main metric (Efron 1979; clusters drawn whole as in Davison and Hinkley 1997, §3.8): rows, or the subjects that they
 * belong to, are drawn anew with replacement, and the metric is taken of each such draw. The same seed gives the same interval. Where all answers
 * are right, or none is, no draw differs from another: then the interval is that of Clopper and Pearson (1934) for as many trials as there were rows or
 * subjects to draw.
 */
export function bootstrap(spec: TaskSpec, request: BootstrapRequest): Bootstrap {
  const { scores, labels, thresholds, groups, seed = 1 } = request;
  const targets = spec.targets.length;
  const rows = labels.length / targets;
  const resamples = request.resamples ?? Math.max(LEAST_RESAMPLES, Math.min(RESAMPLES, Math.round(MOST_ROWS / rows)));
  const subjects = clustersOf(rows, groups);
  const drawn = groups !== undefined && subjects.length >= LEAST_SUBJECTS ? 'subject' : 'image';
  const clusters = drawn === 'subject' ? subjects : clustersOf(rows, undefined);
  const random = Random.seeded(seed, clusters.length);
  const draws = Float64Array.from({ length: resamples }, () => {
    const taken = Int32Array.from(clusters.flatMap(() => clusters[random.below(clusters.length)]!));
    return judge(spec, takeRows(scores, taken, targets), takeRows(labels, taken, targets), thresholds).value;
  });
  const [first] = draws;
  if (metricOf(spec).higherIsBetter && (first === 0 || first === 1) && draws.every((value) => value === first)) {
    const far = 0.025 ** (1 / clusters.length);
    const [low, high] = first === 1 ? [far, 1] : [0, 1 - far];
    return { draws, interval: { low, high, standardError: (high - low) / (2 * TWO_SIDED_95), drawn } };
  }
  const sorted = Float64Array.from(draws).sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / resamples;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / resamples;
  const interval = {
    low: quantile(sorted, 0.025),
    high: quantile(sorted, 0.975),
    standardError: Math.sqrt(variance),
    drawn,
  } as const;
  return { draws, interval };
}

/** Draws as they are kept: to six digits, which is finer than any of them is known. */
export function shortened(draws: Float64Array): readonly number[] {
  return Array.from(draws, (value) => Number(value.toPrecision(6)));
}

/** The interval of `bootstrap` alone. */
export function bootstrapInterval(spec: TaskSpec, request: BootstrapRequest): Interval {
  return bootstrap(spec, request).interval;
}

/**
 * Standard error of the difference of two networks' metric on the same images: they were drawn together, so that what both get wrong does not count.
 * Throws RangeError where the draws are not the same.
 */
export function pairedError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0) throw new RangeError(`${a.length} draws beside ${b.length}`);
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  return Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / differences.length);
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
