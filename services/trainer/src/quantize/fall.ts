import { chooseThresholds, judge, takeRows } from '@kneepoint/regression';
import type { FinetunedTask } from '@kneepoint/workflow';
import { isValue, LOGIT_OF_A_HALF, type Targets } from '../targets/targets.ts';

/** Answers of a network in its units, rows × width, in the scale in which networks are trained and judged. */
export function inTrainingScale(answers: Float32Array, { mean, deviation, width }: Targets): Float32Array {
  return answers.map((answer, i) => (answer - mean[i % width]!) / deviation[i % width]!);
}

/**
 * By how much answers to the validation images are worse than a reference, with thresholds of their own; of several tasks the worst. Below 0 where
 * they are better. See `Quantisation.fall`.
 */
export function fallOf(
  reference: readonly FinetunedTask[],
  targets: Targets,
  answers: Float32Array,
  rows: Int32Array,
): number {
  const falls = targets.tasks.map((task, k) => {
    const { spec, from, to, labels, labelled } = task;
    const columns = to - from;
    const at = Int32Array.from(rows.keys()).filter((i) => labelled[rows[i]!] === 1);
    const scores = Float64Array.from({ length: at.length * columns }, (_, i) => {
      const column = from + (i % columns);
      const answer = answers[at[Math.floor(i / columns)]! * targets.width + column]!;
      return isValue(spec) ? answer * targets.deviation[column]! + targets.mean[column]! : answer;
    });
    const truth = takeRows(
      labels,
      at.map((i) => rows[i]!),
      columns,
    );
    const { value } = judge(spec, scores, truth, chooseThresholds(spec, scores, truth, LOGIT_OF_A_HALF));
    const { higherIsBetter, validation, chance } = reference[k]!;
    return higherIsBetter ? validation - value : (value - validation) / Math.max(chance, Number.MIN_VALUE);
  });
  return Math.max(...falls);
}
