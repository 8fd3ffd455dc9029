import { linearScores, Moments, pilotOf, Random, ridge, takeRows } from '@kneepoint/regression';
import type { Head } from '../network/head.ts';
import { foldScale, leastSquaresScale } from './answer-scale.ts';
import type { Parts } from './parts.ts';
import type { TaskColumns, Targets } from './targets.ts';
import { totalLoss } from './validation-loss.ts';

type Linear = Pick<Head, 'weights' | 'bias'>;

/** Penalties that are tried, in units of a standardised feature's variance. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1, 10];

/**
 * How far normalisation by the batch moves a feature, as a share of its size. Where images differ by less than that, a head that tells them
 * apart would be lost in it, and its weights so large that the rounding of float32 shows.
 */
const SHAKEN = 3e-3;
/** What a head has to be better by than the given one, as a share of its loss. */
const MARGIN = 0.01;

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
 * head that the network came with, the one with the least loss on validation where every feature is off by a share of its size, as it will
 * be in training; ridge on such features (errors in variables) is among them. The given one stays where none is clearly better.
 */
export function startHead(data: StartData, given?: Linear): Linear {
  const shaken = { ...data, features: shake(data.features) };
  const fitted = [data, shaken].flatMap((seen) => PENALTIES.map((penalty) => ridgeHead(seen, penalty)));
  const losses = fitted.map((head) => validationLoss(data, head));
  const least = Math.min(...losses);
  if (given && (1 - MARGIN) * validationLoss(data, given) <= least) return given;
  return fitted[losses.indexOf(least)]!;
}

/** Every number off by up to `SHAKEN` · √3 of itself, so that `SHAKEN` is the standard deviation; the same each time. */
function shake(features: Float32Array): Float32Array {
  const random = Random.seeded(0);
  const share = (2 * SHAKEN * Math.sqrt(3)) / 2 ** 32;
  return features.map((value) => value * (1 + share * (random.uint32() - 2 ** 31)));
}

/** The mean of two, with answers moved to either side by the deviation that shaken features give them: exact for squared errors. */
function validationLoss({ targets, parts, features, width }: StartData, { weights, bias }: Linear): number {
  const unseen = Int32Array.from(parts.validation.keys(), (i) => parts.train.length + i);
  const scores = linearScores(features, unseen, weights, bias);
  const squares = new Float64Array(width);
  features.forEach((value, i) => (squares[i % width]! += (value * value) / (features.length / width)));
  const apart = bias.map(
    (_, target) =>
      SHAKEN * Math.sqrt(squares.reduce((sum, square, k) => sum + square * weights[target * width + k]! ** 2, 0)),
  );
  const lossAt = (side: number): number =>
    totalLoss(
      targets,
      scores.map((score, i) => {
        const target = i % targets.width;
        const row = (i - target) / targets.width;
        return score + side * ((row + target) % 2 === 0 ? 1 : -1) * apart[target]!;
      }),
      parts.validation,
    );
  const loss = (lossAt(1) + lossAt(-1)) / 2;
  return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
}

function ridgeHead({ targets, parts, features, width }: StartData, lambda: number): Linear {
  const { train, validation } = parts;
  const weights = new Float64Array(targets.width * width);
  const bias = new Float64Array(targets.width);
  for (const { from, columns, labels, rows } of targets.tasks.flatMap((task) => fittedTogether(task, train))) {
    // A label that next to no training image carries is answered by 0.
    if (rows.length < 2) continue;
    const all = new Float64Array((features.length / width) * columns);
    all.set(labels);
    const moments = new Moments(pilotOf(features, width, all, columns, rows));
    const fitted = ridge(moments.add(features, all, rows), { lambda });
    weights.set(fitted.weights, from * width);
    bias.set(fitted.intercepts, from);
  }
  const unseen = Int32Array.from(validation.keys(), (i) => train.length + i);
  const scores = linearScores(features, unseen, weights, bias);
  return foldScale({ weights, bias, features: width }, leastSquaresScale(targets, scores, validation));
}

/** Columns that are fitted on the same training rows: those of a task, or each by itself where images carry a part of its labels. */
interface Fitted {
  readonly from: number;
  readonly columns: number;
  /** Training rows × columns. */
  readonly labels: Float64Array;
  /** Of the training rows, those that carry the labels. */
  readonly rows: Int32Array;
}

function fittedTogether({ from, to, labels, labelled, partial }: TaskColumns, train: Int32Array): readonly Fitted[] {
  const own = takeRows(labels, train, to - from);
  if (!partial) {
    const rows = Int32Array.from(train.keys()).filter((i) => labelled[train[i]!] === 1);
    return [{ from, columns: to - from, labels: own, rows }];
  }
  return Array.from({ length: to - from }, (_, k): Fitted => {
    const column = own.filter((_value, i) => i % (to - from) === k);
    const rows = Int32Array.from(train.keys()).filter((i) => !Number.isNaN(column[i]));
    return { from: from + k, columns: 1, labels: column, rows };
  });
}
