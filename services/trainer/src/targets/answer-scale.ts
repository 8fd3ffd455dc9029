import { chooseThresholds, takeRows } from '@kneepoint/regression';
import type { Head } from '../network/head.ts';
import { isValue, type TaskColumns, type Targets } from './targets.ts';
import { categoricalLoss, logistic } from './validation-loss.ts';

/** How a network's answers relate to those that are trained, per column: trained = (answer − shift) / scale. */
export interface AnswerScale {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

type Linear = Pick<Head, 'weights' | 'bias' | 'features'>;

/** The head that answers in the training scale. */
export function foldScale(
  { weights, bias, features }: Linear,
  { shift, scale }: AnswerScale,
): Pick<Head, 'weights' | 'bias'> {
  return {
    weights: weights.map((value, i) => value / scale[Math.floor(i / features)]!),
    bias: bias.map((value, target) => (value - shift[target]!) / scale[target]!),
  };
}

/** The head that answers in the network's own scale again. */
export function unfoldScale(
  { weights, bias, features }: Linear,
  { shift, scale }: AnswerScale,
): Pick<Head, 'weights' | 'bias'> {
  return {
    weights: weights.map((value, i) => value * scale[Math.floor(i / features)]!),
    bias: bias.map((value, target) => value * scale[target]! + shift[target]!),
  };
}

/** Values in their units, classes as logits: what a trained network answers. */
export function unitScale(targets: Targets): AnswerScale {
  return { shift: targets.mean, scale: targets.deviation };
}

/**
 * The scale of a network whose head was fitted by least squares: values in units, classes near 0 and 1. A class's score becomes the logit
 * a · (score − threshold), with the threshold of best accuracy and the slope a of least cross-entropy on these rows (temperature
 * scaling, Guo et al. 2017), so that training starts from what the head already says.
 * @param answers rows × width, as the network gives them
 */
export function leastSquaresScale(targets: Targets, answers: Float64Array, rows: Int32Array): AnswerScale {
  const shift = Float64Array.from(targets.mean);
  const scale = Float64Array.from(targets.deviation);
  for (const task of targets.tasks) {
    if (isValue(task.spec)) continue;
    const columns = task.to - task.from;
    const at = Int32Array.from(rows.keys()).filter((i) => task.labelled[rows[i]!] === 1);
    const scores = Float64Array.from({ length: at.length * columns }, (_, i) => {
      return answers[at[Math.floor(i / columns)]! * targets.width + task.from + (i % columns)]!;
    });
    const labels = takeRows(
      task.labels,
      at.map((i) => rows[i]!),
      columns,
    );
    classScale(task, scores, labels).forEach(([threshold, slope], k) => {
      shift[task.from + k] = threshold;
      scale[task.from + k] = 1 / slope;
    });
  }
  return { shift, scale };
}

function classScale(
  { spec, from, to }: TaskColumns,
  scores: Float64Array,
  labels: Float64Array,
): readonly (readonly [number, number])[] {
  const columns = to - from;
  const rows = scores.length / columns;
  if (spec.type === 'categorical') {
    const slope = bestSlope((a) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const [begin, end] = [row * columns, (row + 1) * columns];
        sum += categoricalLoss(
          scores.subarray(begin, end).map((score) => a * score),
          labels.subarray(begin, end),
        );
      }
      return sum;
    });
    return Array.from({ length: columns }, () => [0, slope] as const);
  }
  return chooseThresholds(spec, scores, labels).map((threshold, k) => {
    const slope = bestSlope((a) => {
      let sum = 0;
      for (let i = k; i < scores.length; i += columns) {
        if (!Number.isNaN(labels[i])) sum += logistic(a * (scores[i]! - threshold), labels[i]!);
      }
      return sum;
    });
    return [threshold, slope] as const;
  });
}

/** Slopes that are tried: a head that separates perfectly would want an infinite one, and training could not move it any more. */
const LEAST = Math.log(0.5);
const MOST = Math.log(50);
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The slope of least loss, by golden-section search over its logarithm; the loss is convex in the slope. */
function bestSlope(loss: (slope: number) => number): number {
  let [low, high] = [LEAST, MOST];
  for (let i = 0; i < 30; i++) {
    const [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (loss(Math.exp(left)) <= loss(Math.exp(right))) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}
