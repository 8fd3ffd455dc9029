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
  neutral = LOGIT_OF_A_HALF,
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
    const { value } = judge(spec, scores, truth, chooseThresholds(spec, scores, truth, neutral));
    return fallTo(value, reference[k]!);
  });
  return Math.max(...falls);
}

/** By how much a value on validation is worse than a task's own. */
function fallTo(value: number, { higherIsBetter, validation, chance }: FinetunedTask): number {
  return higherIsBetter ? validation - value : (value - validation) / Math.max(chance, Number.MIN_VALUE);
}

/** The most that may be lost with every bound still kept; undefined where the float network keeps not all of them. */
export function roomAbove(
  bounds: readonly { readonly task: string; readonly bound: number }[],
  reference: readonly FinetunedTask[],
): number | undefined {
  const room = bounds.map(({ task, bound }) =>
    fallTo(
      bound,
      reference.find((found) => found.task === task)!,
    ),
  );
  return room.length === 0 || Math.min(...room) < 0 ? undefined : Math.min(...room) + ROUNDING;
}

/** Of a difference of two shares. */
const ROUNDING = 1e-9;
