import { KINDS } from '../kinds/registry.ts';
import { CENTRE } from '../kinds/threshold.ts';
import type { TaskSpec } from './spec.ts';

/** What was answered to single rows, so that two networks can be compared image by image. */
export interface RowAnswers {
  /** `class`: ids; `labels`: each holds (1) or not (0); `value`: numbers in their unit. */
  readonly kind: 'class' | 'labels' | 'value';
  /** Numbers of the rows in their data set, in the order in which they were judged. */
  readonly rows: readonly number[];
  /** rows × columns (one, or one for each label); null where a label is not known. */
  readonly truth: readonly (number | null)[];
  /** The same shape. */
  readonly answers: readonly number[];
}

/** Rows of which answers are kept: of more, so many, evenly over them. */
export const MOST_ROWS = 1000;
/** Digits of a value that are kept. */
const DIGITS = 6;

/**
 * @param scores rows × targets, in the units of the targets; `labels` the same shape; see `judge`
 * @param rows numbers of the rows in their data set
 */
export function rowAnswers(
  spec: TaskSpec,
  { scores, labels }: { readonly scores: Float64Array; readonly labels: Float64Array },
  thresholds: readonly number[],
  rows: ArrayLike<number>,
): RowAnswers {
  const kind = KINDS[spec.type];
  const columns = kind.columns(spec);
  const decided = kind.decide(scores, spec, thresholds);
  const centres = spec.targets.map(() => CENTRE);
  const truth = kind.decide(labels, spec, centres);
  const step = Math.max(1, rows.length / MOST_ROWS);
  const kept = Array.from({ length: Math.min(rows.length, MOST_ROWS) }, (_, i) => Math.floor(i * step));
  const of = (values: Float64Array): number[] =>
    kept.flatMap((at) => [...values.subarray(at * columns, (at + 1) * columns)]);
  const brief = (value: number): number => (kind.discrete ? value : Number(value.toPrecision(DIGITS)));
  return {
    kind: kind.discrete ? (kind.partial ? 'labels' : 'class') : 'value',
    rows: kept.map((at) => rows[at]!),
    truth: of(truth).map((value) => (Number.isNaN(value) ? null : brief(value))),
    answers: of(decided).map(brief),
  };
}
