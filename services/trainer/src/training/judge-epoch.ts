import {
  bootstrap,
  breakDown,
  chooseThresholds,
  judge,
  type Judgement,
  judgeChance,
  metricOf,
  rowAnswers,
  shortened,
  takeRows,
} from '@kneepoint/regression';
import type { FinetunedTask } from '@kneepoint/workflow';
import type { Parts } from '../targets/parts.ts';
import { isValue, LOGIT_OF_A_HALF, type TaskColumns, type Targets } from '../targets/targets.ts';

/** Labelled rows of a part, with what the network says of them in the units of the targets (classes: logits). */
interface Judged {
  readonly scores: Float64Array;
  readonly labels: Float64Array;
}

function judged(targets: Targets, task: TaskColumns, answers: ArrayLike<number>, rows: Int32Array): Judged {
  const columns = task.to - task.from;
  const at = Int32Array.from(rows.keys()).filter((i) => task.labelled[rows[i]!] === 1);
  const scores = Float64Array.from({ length: at.length * columns }, (_, i) => {
    const column = task.from + (i % columns);
    const answer = answers[at[Math.floor(i / columns)]! * targets.width + column]!;
    return isValue(task.spec) ? answer * targets.deviation[column]! + targets.mean[column]! : answer;
  });
  return {
    scores,
    labels: takeRows(
      task.labels,
      at.map((i) => rows[i]!),
      columns,
    ),
  };
}

/** Whether more of `validationMetric` is better. */
export function higherIsBetter({ tasks }: Targets): boolean {
  return tasks.length > 1 || metricOf(tasks[0]!.spec).higherIsBetter;
}

/** The metric by which epochs are compared, on validation; see `EpochRecord.metric`. */
export function validationMetric(targets: Targets, answers: ArrayLike<number>, { train, validation }: Parts): number {
  const values = targets.tasks.map((task) => {
    const { scores, labels } = judged(targets, task, answers, validation);
    const { value } = judge(task.spec, scores, labels, chooseThresholds(task.spec, scores, labels, LOGIT_OF_A_HALF));
    if (targets.tasks.length === 1 || metricOf(task.spec).higherIsBetter) return value;
    const chance = judgeChance(task.spec, labelsOf(targets, task, train), labels);
    return 1 - value / Math.max(chance, Number.MIN_VALUE);
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The final word on each task: thresholds and metric from validation, then test, once. Answers in the training scale.
 * @param groups the subject of each image where the split is by subject
 * @param neutral of thresholds: a logit's unless the answers to classes are those of least squares
 */
export function judgeTasks(
  targets: Targets,
  { train, validation, test }: Parts,
  answers: { readonly validation: ArrayLike<number>; readonly test: ArrayLike<number> },
  groups?: Int32Array,
  neutral = LOGIT_OF_A_HALF,
): readonly FinetunedTask[] {
  return targets.tasks.map((task) => {
    const onValidation = judged(targets, task, answers.validation, validation);
    const onTest = judged(targets, task, answers.test, test);
    const { spec } = task;
    const thresholds = chooseThresholds(spec, onValidation.scores, onValidation.labels, neutral);
    const of = ({ scores, labels }: Judged): Judgement => judge(spec, scores, labels, thresholds);
    const final = of(onTest);
    const { name, ...direction } = metricOf(spec);
    const { interval, draws } = bootstrap(spec, {
      ...onTest,
      thresholds,
      groups: groups && targets.labelled(task, test).map((row) => groups[row]!),
    });
    return {
      task: spec.name,
      metric: name,
      ...direction,
      validation: of(onValidation).value,
      test: final.value,
      interval,
      draws: shortened(draws),
      chance: judgeChance(spec, labelsOf(targets, task, train), onTest.labels),
      others: final.others,
      thresholds,
      breakdown: breakDown(spec, onTest.scores, onTest.labels, thresholds),
      answers: rowAnswers(spec, onTest, thresholds, targets.labelled(task, test)),
    };
  });
}

function labelsOf(targets: Targets, task: TaskColumns, rows: Int32Array): Float64Array {
  return takeRows(task.labels, targets.labelled(task, rows), task.to - task.from);
}
