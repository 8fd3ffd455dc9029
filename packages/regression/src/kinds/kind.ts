import type { Outcome } from '../metrics/metric.ts';
import type { MetricName } from '../metrics/registry.ts';
import type { TaskSpec, TaskType } from '../task/spec.ts';
import type { Breakdown } from './breakdown.ts';

/** A field of a task description that is wrong, and what would be right. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
}

/** Everything that differs between the types of tasks (paper §2). */
export interface TaskKind {
  readonly type: TaskType;
  /** The metric that fills the relationship matrix and chooses the best layer. */
  readonly metric: MetricName;
  /** Further metrics, reported beside it. */
  readonly others: readonly MetricName[];
  /** Whether answers are class ids, so that the best constant answer is the most frequent one. */
  readonly discrete: boolean;
  /** Whether each target is a label by itself, so that a row may carry some of them. */
  readonly partial: boolean;
  /** What is wrong with the description beyond its JSON shape. */
  specProblems(spec: TaskSpec): readonly FieldProblem[];
  /** What is wrong with the labels that a row has (finite values, one per target unless `partial`); undefined when nothing is. */
  labelProblem(labels: Float64Array, spec: TaskSpec): string | undefined;
  /** Columns of the answer: 1, or one per label. */
  columns(spec: TaskSpec): number;
  /** One threshold per target, chosen on rows × targets of scores and labels, `neutral` where these say nothing else; empty where the type has none. */
  chooseThresholds(scores: Float64Array, labels: Float64Array, targets: number, neutral: number): readonly number[];
  /** rows × targets of scores -> rows × columns of answers. Labels are scores too: they give the truth. */
  decide(scores: Float64Array, spec: TaskSpec, thresholds: readonly number[]): Float64Array;
  /** Names of the classes, bins or labels, in the order of their ids; undefined where answers are values. */
  classNames(spec: TaskSpec): readonly string[] | undefined;
  /** What the metric is made of, class by class or along the values. */
  breakDown(outcome: Outcome, spec: TaskSpec): Breakdown;
}
