import { linearScores, Moments, pilotOf, ridge } from '@kneepoint/regression';
import type { Head } from '../network/head.ts';
import { foldScale, leastSquaresScale } from './answer-scale.ts';
import type { Parts } from './parts.ts';
import type { Targets } from './targets.ts';
import { totalLoss } from './validation-loss.ts';

type Linear = Pick<Head, 'weights' | 'bias'>;

/** Penalties that are tried, in units of a standardised feature's variance. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1, 10];

/** What the head to begin with is chosen by. */
export interface StartData {
  readonly targets: Targets;
  readonly parts: Pick<Parts, 'train' | 'validation'>;
  /** Training rows, then validation rows × width, as they come. */
  readonly features: Float32Array;
  readonly width: number;
}

/**
 * The head in the training scale to begin with, in closed form: of ridge solutions (classes as logits, see `leastSquaresScale`) and the
 * head that the network came with, the one with the least loss on validation. The given one stays where none is better.
 */
export function startHead(data: StartData, given?: Linear): Linear {
  const heads = [...(given ? [given] : []), ...PENALTIES.map((penalty) => ridgeHead(data, penalty))];
  const losses = heads.map((head) => validationLoss(data, head));
  return heads[losses.indexOf(Math.min(...losses))]!;
}

function validationLoss({ targets, parts, features }: StartData, { weights, bias }: Linear): number {
  const unseen = Int32Array.from(parts.validation.keys(), (i) => parts.train.length + i);
  const loss = totalLoss(targets, linearScores(features, unseen, weights, bias), parts.validation);
  return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
}

function ridgeHead({ targets, parts, features, width }: StartData, lambda: number): Linear {
  const { train, validation } = parts;
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
