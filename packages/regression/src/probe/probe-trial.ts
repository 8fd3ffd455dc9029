import type { TaskFamily } from '../layer/family.ts';
import type { TrialMoments } from '../layer/trial-moments.ts';
import { chooseRidge } from '../solve/choose-ridge.ts';
import { type LinearFit, unscale } from '../solve/ridge.ts';
import { chooseRidgeByRows } from '../solve/row-ridge.ts';
import { linearScores } from '../solve/scores.ts';
import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { centre, scalingOf, UNREADABLE } from '../statistics/centre.ts';
import { chooseThresholds, judge, judgeChance } from '../task/judge.ts';
import { takeRows } from '../task/labels.ts';
import type { PartSizes, ProbeTrial } from './cell.ts';

/** A fitted probe of one task, and how it did. */
export interface FittedTrial extends ProbeTrial {
  /** targets × filters, for responses as they come. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/**
 * Fits every task of a family on one split: weights on train, penalty and thresholds on validation, metric on test (paper §2).
 * The result is in the order of the family's members.
 */
export function probeTrial(
  responses: Float32Array,
  family: TaskFamily,
  split: Uint8Array,
  moments: TrialMoments,
): FittedTrial[] {
  const scaling = scalingOf(moments.train, { validation: moments.validation, constant: UNREADABLE });
  const chosen = chooseRidge(centre(moments.train, scaling), centre(moments.validation, scaling), family.members);
  return judged(responses, family, split, { ...unscale(chosen.weights, scaling), lambdas: chosen.lambdas });
}

/** `probeTrial` without moments, at the price of the rows where these are fewer than the filters; see `chooseRidgeByRows`. */
export function probeTrialByRows(responses: Float32Array, family: TaskFamily, split: Uint8Array): FittedTrial[] {
  const [train, validation] = partsOf(family, split);
  const { scaling, weights, lambdas } = chooseRidgeByRows({
    responses,
    filters: responses.length / split.length,
    labels: family.labels,
    targets: family.targets,
    train,
    validation,
    blocks: family.members,
  });
  return judged(responses, family, split, { ...unscale(weights, scaling), lambdas });
}

function partsOf(family: TaskFamily, split: Uint8Array): [Int32Array, Int32Array, Int32Array] {
  const of = (part: number): Int32Array => family.rows.filter((row) => split[row] === part);
  return [of(TRAIN), of(VALIDATION), of(TEST)];
}

function judged(
  responses: Float32Array,
  family: TaskFamily,
  split: Uint8Array,
  fit: Pick<LinearFit, 'weights' | 'intercepts'> & { readonly lambdas: readonly number[] },
): FittedTrial[] {
  const { weights, intercepts, lambdas } = fit;
  const filters = weights.length / family.targets;
  const [train, validation, test] = partsOf(family, split);
  const n: PartSizes = { train: train.length, validation: validation.length, test: test.length };
  return family.members.map(({ task: { spec, labels }, from, count }, i) => {
    const own = weights.slice(from * filters, (from + count) * filters);
    const bias = intercepts.slice(from, from + count);
    const read = (rows: Int32Array) => ({
      labels: takeRows(labels, rows, count),
      scores: linearScores(responses, rows, own, bias),
    });
    const [known, chosenOn] = [read(train), read(validation)];
    const unseen = read(test);
    const thresholds = chooseThresholds(spec, chosenOn.scores, chosenOn.labels);
    const tested = judge(spec, unseen.scores, unseen.labels, thresholds);
    return {
      validation: judge(spec, chosenOn.scores, chosenOn.labels, thresholds).value,
      heldOut: judge(spec, chosenOn.scores, chosenOn.labels, chooseThresholds(spec, known.scores, known.labels)).value,
      test: tested.value,
      chance: judgeChance(spec, known.labels, unseen.labels),
      others: tested.others,
      thresholds,
      lambda: lambdas[i] as number,
      n,
      weights: own,
      intercepts: bias,
    };
  });
}
