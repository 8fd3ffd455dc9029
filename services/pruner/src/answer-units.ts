import type { TaskSpec } from '@kneepoint/regression';

/**
 * One unit for each column of answers, so that every task's answers vary by 1 in all: for values the standard deviation of the column, for
 * classes and labels one for all columns of the task, since a class that the network never tells shall not count more for it. 0 for answers
 * that are the same for every image.
 * @param answers N × `width`, as a network gives them
 */
export function answerUnits(
  answers: Float64Array,
  width: number,
  tasks: readonly { readonly spec: TaskSpec; readonly from: number }[],
): Float64Array {
  const units = new Float64Array(width);
  for (const { spec, from } of tasks) {
    const columns = spec.targets.length;
    const variances = Array.from({ length: columns }, (_, k) => varianceOf(answers, width, from + k));
    const mean = variances.reduce((sum, variance) => sum + variance, 0) / columns;
    const values = spec.type === 'continuous' || spec.type === 'ordered';
    variances.forEach((variance, k) => (units[from + k] = Math.sqrt(columns * (values ? variance : mean))));
  }
  return units;
}

function varianceOf(values: Float64Array, width: number, column: number): number {
  const rows = values.length / width;
  let [mean, sum] = [0, 0];
  for (let row = 0; row < rows; row++) mean += values[row * width + column]! / rows;
  for (let row = 0; row < rows; row++) sum += (values[row * width + column]! - mean) ** 2 / rows;
  return sum;
}
