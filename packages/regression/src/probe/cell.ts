import type { MetricName } from '../metrics/registry.ts';
import type { Interval } from '../task/bootstrap.ts';
import { metricOf } from '../task/judge.ts';
import type { TaskSpec } from '../task/spec.ts';
import type { Transferability } from '../transferability/transferability.ts';

export interface PartSizes {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export interface ProbeTrial {
  /** Main metric on validation, where the penalty and the thresholds were chosen. */
  readonly validation: number;
  /**
   * Main metric on validation with the thresholds that the training rows choose; the same for types without. Probes are compared by it: thresholds chosen
   * on few rows flatter, the worse probe more.
   */
  readonly heldOut: number;
  /** Main metric on test, which nothing was chosen on. */
  readonly test: number;
  /** Main metric on test of an answer that ignores the image. */
  readonly chance: number;
  readonly others: Readonly<Partial<Record<MetricName, number>>>;
  /** One per target for binary and multilabel tasks, else empty. */
  readonly thresholds: readonly number[];
  /** Share of the labels' variance that the scores explain on test, the mean of the targets': 0 for the mean predictor, below it where they are worse. */
  readonly r2: number;
  readonly lambda: number;
  readonly n: PartSizes;
}

/** One entry of the relationship matrix: how well a linear probe on one layer does a task (paper §2, §3). */
export interface Cell extends Transferability {
  readonly task: string;
  readonly metric: MetricName;
  readonly higherIsBetter: boolean;
  readonly filters: number;
  /** Mean over the trials on test. */
  readonly mean: number;
  /** Standard deviation over the trials on test (divisor trials − 1); 0 for one trial. */
  readonly spread: number;
  /** Mean over the trials on validation: what chooses the best layer, so that test stays unseen. */
  readonly validation: number;
  readonly chance: number;
  /** Mean over the trials. */
  readonly r2: number;
  /** Bootstrap interval of the first trial's metric on test; null where it was not asked for. */
  readonly interval: Interval | null;
  /** Further metrics on test, means over the trials. */
  readonly others: Readonly<Partial<Record<MetricName, number>>>;
  readonly trials: readonly ProbeTrial[];
  /** Rows of the first trial's parts. */
  readonly n: PartSizes;
  /** Rows without a label for this task. */
  readonly missing: number;
}

/** What one trial alone says of a task. */
export interface FirstTrial extends Transferability {
  readonly interval: Interval | null;
}

export function cellOf(
  spec: TaskSpec,
  filters: number,
  trials: readonly ProbeTrial[],
  { missing, ...said }: FirstTrial & { readonly missing: number },
): Cell {
  const metric = metricOf(spec);
  const [first] = trials;
  const names = Object.keys(first?.others ?? {}) as MetricName[];
  const test = trials.map((trial) => trial.test);
  return {
    task: spec.name,
    metric: metric.name,
    higherIsBetter: metric.higherIsBetter,
    filters,
    mean: meanOf(test),
    spread: deviationOf(test),
    validation: meanOf(trials.map((trial) => trial.validation)),
    chance: meanOf(trials.map((trial) => trial.chance)),
    r2: meanOf(trials.map((trial) => trial.r2)),
    ...said,
    others: Object.fromEntries(names.map((name) => [name, meanOf(trials.map((trial) => trial.others[name] ?? 0))])),
    trials,
    n: first?.n ?? { train: 0, validation: 0, test: 0 },
    missing,
  };
}

/** Index of the cell with the best validation mean; of equals the first. -1 for none. */
export function bestCell(cells: readonly Cell[]): number {
  let best = -1;
  cells.forEach((cell, i) => {
    const rival = cells[best];
    const better =
      rival === undefined ||
      (cell.higherIsBetter ? cell.validation > rival.validation : cell.validation < rival.validation);
    if (better) best = i;
  });
  return best;
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

function deviationOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
