import type { Breakdown } from '../kinds/breakdown.ts';
import { KINDS } from '../kinds/registry.ts';
import { CENTRE } from '../kinds/threshold.ts';
import type { Outcome } from '../metrics/metric.ts';
import { METRICS, type MetricName } from '../metrics/registry.ts';
import type { TaskSpec } from './spec.ts';

export interface Judgement {
  /** Value of the task's main metric. */
  readonly value: number;
  /** The further metrics of the task's type, by name. */
  readonly others: Readonly<Partial<Record<MetricName, number>>>;
}

/** The main metric of a task and its direction. */
export function metricOf(spec: TaskSpec): { readonly name: MetricName; readonly higherIsBetter: boolean } {
  const name = KINDS[spec.type].metric;
  return { name, higherIsBetter: METRICS[name].higherIsBetter };
}

/**
 * One threshold per target for the types that have them (binary, multilabel), chosen for accuracy on these rows.
 * @param neutral what a calibrated score is compared with: 0.5 where {0, 1} are regressed to, 0 for logits
 */
export function chooseThresholds(
  spec: TaskSpec,
  scores: Float64Array,
  labels: Float64Array,
  neutral: number = CENTRE,
): readonly number[] {
  return KINDS[spec.type].chooseThresholds(scores, labels, spec.targets.length, neutral);
}

/**
 * Measures what a model says against the labels, whatever computed it.
 * @param scores rows × targets, in the units of the targets; `labels` the same shape, at least one row, NaN where one of several labels is not known
 */
export function judge(
  spec: TaskSpec,
  scores: Float64Array,
  labels: Float64Array,
  thresholds: readonly number[],
): Judgement {
  const kind = KINDS[spec.type];
  return measure(spec, scores, labels, kind.decide(scores, spec, thresholds));
}

/** What `judge` says in one figure, class by class or along the values; the same parameters. */
export function breakDown(
  spec: TaskSpec,
  scores: Float64Array,
  labels: Float64Array,
  thresholds: readonly number[],
): Breakdown {
  const kind = KINDS[spec.type];
  return kind.breakDown(outcomeOf(spec, scores, labels, kind.decide(scores, spec, thresholds)), spec);
}

/**
 * The main metric of the best answer that ignores the image: the training rows' most frequent class (per label), or their
 * mean; measured on other rows.
 */
export function judgeChance(spec: TaskSpec, trainLabels: Float64Array, labels: Float64Array): number {
  const kind = KINDS[spec.type];
  const targets = spec.targets.length;
  const columns = kind.columns(spec);
  const rows = labels.length / targets;
  const scores = repeat(columnMeans(trainLabels, targets), rows);
  if (!kind.discrete) return measure(spec, scores, labels, scores).value;
  return measure(spec, scores, labels, repeat(columnModes(truthOf(spec, trainLabels), columns), rows)).value;
}

function measure(spec: TaskSpec, scores: Float64Array, labels: Float64Array, decision: Float64Array): Judgement {
  const kind = KINDS[spec.type];
  const outcome = outcomeOf(spec, scores, labels, decision);
  const others = Object.fromEntries(kind.others.map((name) => [name, METRICS[name].measure(outcome)]));
  return { value: METRICS[kind.metric].measure(outcome), others };
}

function outcomeOf(spec: TaskSpec, scores: Float64Array, labels: Float64Array, decision: Float64Array): Outcome {
  const targets = spec.targets.length;
  return {
    rows: labels.length / targets,
    targets,
    labels,
    scores,
    columns: KINDS[spec.type].columns(spec),
    truth: truthOf(spec, labels),
    decision,
  };
}

/** Labels decided like scores: 0 and 1 fall on either side of 0.5. */
function truthOf(spec: TaskSpec, labels: Float64Array): Float64Array {
  return KINDS[spec.type].decide(
    labels,
    spec,
    spec.targets.map(() => CENTRE),
  );
}

function columnMeans(values: Float64Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    let [rows, mean] = [0, 0];
    for (let i = column; i < values.length; i += columns) if (!Number.isNaN(values[i])) rows++;
    for (let i = column; i < values.length; i += columns) {
      const value = values[i] as number;
      if (!Number.isNaN(value)) mean += value / rows;
    }
    return mean;
  });
}

/** Most frequent value of each column; of equally frequent ones the smallest; 0 where none is known. */
function columnModes(values: Float64Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    const counts = new Map<number, number>();
    for (let i = column; i < values.length; i += columns) {
      const value = values[i] as number;
      if (Number.isNaN(value)) continue;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a), [0, 0])[0];
  });
}

function repeat(row: readonly number[], rows: number): Float64Array {
  const repeated = new Float64Array(rows * row.length);
  for (let at = 0; at < repeated.length; at += row.length) repeated.set(row, at);
  return repeated;
}
