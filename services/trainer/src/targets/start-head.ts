import { linearScores, Moments, pilotOf, ridge } from '@kneepoint/regression';
import type { Head } from '../network/head.ts';
import { type FeatureScale, fromStandardised, toStandardised } from '../network/standardise.ts';
import { foldScale, leastSquaresScale } from './answer-scale.ts';
import type { Parts } from './parts.ts';
import type { Targets } from './targets.ts';

type Linear = Pick<Head, 'weights' | 'bias'>;

/** Penalties that are tried, in units of a standardised feature's variance. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1];

/** How long a target's weights may be, for features in units of their size: what deep networks bear, shallow ones, and any. */
export const LENGTHS = [4, 20, Number.POSITIVE_INFINITY] as const;

/**
 * A head in the training scale for features that are about to change. The best head in closed form sets nearly collinear features
 * against each other and magnifies what little a pruned network still tells; the first steps of the layers below would break such a
 * balance, and the loss would leap by orders of magnitude. So: ridge with the smallest penalty whose weights stay
 * short, shortened to that if none do.
 * @param features training rows, then validation rows × width, as they come
 * @param size of the features, from `featureSize`
 * @param longest see `LENGTHS`
 */
export function startHead(
  targets: Targets,
  parts: Pick<Parts, 'train' | 'validation'>,
  features: Float32Array,
  size: FeatureScale,
  longest: number,
): Linear {
  let head: Linear | undefined;
  for (const penalty of PENALTIES) {
    head = ridgeHead(targets, parts, features, size.mean.length, penalty);
    if (lengths(head, size).every((length) => length <= longest)) return head;
  }
  return shortened(head!, size, longest);
}

function ridgeHead(
  targets: Targets,
  { train, validation }: Pick<Parts, 'train' | 'validation'>,
  features: Float32Array,
  width: number,
  lambda: number,
): Linear {
  const weights = new Float64Array(targets.width * width);
  const bias = new Float64Array(targets.width);
  for (const task of targets.tasks) {
    const columns = task.to - task.from;
    const rows = Int32Array.from(train.keys()).filter((i) => task.labelled[train[i]!] === 1);
    const labels = new Float64Array((features.length / width) * columns);
    train.forEach((row, i) => labels.set(task.labels.subarray(row * columns, (row + 1) * columns), i * columns));
    const moments = new Moments(pilotOf(features, width, labels, columns, rows));
    const fitted = ridge(moments.add(features, labels, rows), { lambda });
    weights.set(fitted.weights, task.from * width);
    bias.set(fitted.intercepts, task.from);
  }
  const unseen = Int32Array.from(validation.keys(), (i) => train.length + i);
  const scores = linearScores(features, unseen, weights, bias);
  return foldScale({ weights, bias, features: width }, leastSquaresScale(targets, scores, validation));
}

/** Euclidean length of each target's weights, for features in units of their size. */
function lengths(head: Linear, size: FeatureScale): number[] {
  const { weights } = toStandardised(head, size);
  const width = size.mean.length;
  return Array.from(head.bias, (_, target) => Math.hypot(...weights.subarray(target * width, (target + 1) * width)));
}

/** Answers shrink towards those to the mean image. */
function shortened(head: Linear, size: FeatureScale, longest: number): Linear {
  const width = size.mean.length;
  const shares = lengths(head, size).map((length) => Math.min(1, longest / length));
  const { weights, bias } = toStandardised(head, size);
  return fromStandardised({ weights: weights.map((value, i) => value * shares[Math.floor(i / width)]!), bias }, size);
}
