import { isValue, type TaskColumns, type Targets } from './targets.ts';

/**
 * Mean over rows of a task's loss without smoothing and class weights, from answers rows × width in the training scale; 0 without rows. Rows count
 * by the share of their labels that is known.
 */
export function taskLoss(targets: Targets, task: TaskColumns, answers: Float64Array, rows: Int32Array): number {
  const columns = task.to - task.from;
  const truth = new Float32Array(columns);
  let [sum, count] = [0, 0];
  rows.forEach((row, i) => {
    const share = targets.known(task, row);
    if (share === 0) return;
    targets.fill(task, row, false, truth, 0);
    const at = i * targets.width + task.from;
    sum += share * rowLoss(task, answers.subarray(at, at + columns), truth);
    count += share;
  });
  return count === 0 ? 0 : sum / count;
}

/** The sum over tasks, as the training minimises it. */
export function totalLoss(targets: Targets, answers: Float64Array, rows: Int32Array): number {
  return targets.tasks.reduce((sum, task) => sum + taskLoss(targets, task, answers, rows), 0);
}

function rowLoss({ spec }: TaskColumns, answers: Float64Array, truth: Float32Array): number {
  if (spec.type === 'categorical') return categoricalLoss(answers, truth);
  const each = isValue(spec) ? squared : logistic;
  let [sum, known] = [0, 0];
  answers.forEach((answer, k) => {
    if (Number.isNaN(truth[k])) return;
    sum += each(answer, truth[k]!);
    known += 1;
  });
  return sum / known;
}

const squared = (answer: number, truth: number): number => (answer - truth) ** 2;

/** −log of the probability that sigmoid(answer) gives to the truth. */
export const logistic = (answer: number, truth: number): number =>
  Math.max(answer, 0) - answer * truth + Math.log1p(Math.exp(-Math.abs(answer)));

/** −log of the probability that softmax(answers) gives to the class marked 1. */
export function categoricalLoss(answers: ArrayLike<number>, truth: ArrayLike<number>): number {
  const values = Array.from(answers);
  const most = Math.max(...values);
  const log = most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return values.reduce((sum, value, k) => sum + truth[k]! * (log - value), 0);
}
