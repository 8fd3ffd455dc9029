import { fittedApart, type TaskFamily } from '../layer/family.ts';
import type { TrialMoments } from '../layer/trial-moments.ts';
import { chooseRidge } from '../solve/choose-ridge.ts';
import { type LinearFit, unscale } from '../solve/ridge.ts';
import { chooseRidgeByRows } from '../solve/row-ridge.ts';
import { linearScores } from '../solve/scores.ts';
import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { centre, scalingOf, UNREADABLE } from '../statistics/centre.ts';
import { bootstrapInterval, type Interval } from '../task/bootstrap.ts';
import { chooseThresholds, judge, judgeChance } from '../task/judge.ts';
import { takeRows } from '../task/labels.ts';
import type { PartSizes, ProbeTrial } from './cell.ts';

/** A fitted probe of one task, and how it did. */
export interface FittedTrial extends ProbeTrial {
  /** How much the metric on test would move on other images; draws rows, or the subjects that they belong to. */
  interval(): Interval;
  /** targets × filters, for responses as they come. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/** Weights of all members of a family, and the penalty of each. */
export type FamilyFit = Pick<LinearFit, 'weights' | 'intercepts'> & { readonly lambdas: readonly number[] };

/**
 * Fits every task of a family on one split: weights on train, penalty on validation (paper §2). `family`: one that is fitted as a whole, see
 * `fittedApart`.
 */
export function fitTrial(
  responses: Float32Array,
  family: TaskFamily,
  split: Uint8Array,
  moments: TrialMoments,
): FamilyFit {
  const { train, validation } = moments;
  if (train.n < LEAST_ROWS || validation.n === 0) return unfitted(responses.length / split.length, family);
  const scaling = scalingOf(train, { validation, constant: UNREADABLE });
  const chosen = chooseRidge(centre(train, scaling), centre(validation, scaling), family.members);
  return { ...unscale(chosen.weights, scaling), lambdas: chosen.lambdas };
}

/** `fitTrial` without moments, at the price of the rows where these are fewer than the filters; see `chooseRidgeByRows`. */
export function fitTrialByRows(responses: Float32Array, family: TaskFamily, split: Uint8Array): FamilyFit {
  const [train, validation] = partsOf(family, split);
  const filters = responses.length / split.length;
  if (train.length < LEAST_ROWS || validation.length === 0) return unfitted(filters, family);
  const { scaling, weights, lambdas } = chooseRidgeByRows({
    responses,
    filters,
    labels: family.labels,
    targets: family.targets,
    train,
    validation,
    blocks: family.members,
  });
  return { ...unscale(weights, scaling), lambdas };
}

/** Where a split leaves a label, of those that are known on a few rows only, less than this to learn from, it is answered by no. */
const LEAST_ROWS = 2;

function unfitted(filters: number, { targets, members }: TaskFamily): FamilyFit {
  return {
    weights: new Float64Array(targets * filters),
    intercepts: new Float64Array(targets),
    lambdas: members.map(() => 0),
  };
}

/**
 * Metrics of a fit on every part: thresholds from validation, then test. In the order of the family's members.
 * @param fits one for each of `fittedApart`
 */
export function judgeTrial(
  responses: Float32Array,
  family: TaskFamily,
  split: Uint8Array,
  fits: readonly FamilyFit[],
): FittedTrial[] {
  const { weights, intercepts, lambdas } = family.parts ? joined(family, family.parts, fits) : fits[0]!;
  const filters = weights.length / family.targets;
  const [train, validation, test] = partsOf(family, split);
  const n: PartSizes = { train: train.length, validation: validation.length, test: test.length };
  return family.members.map(({ task: { spec, labels }, from, count }, i) => {
    const own = weights.slice(from * filters, (from + count) * filters);
    const bias = intercepts.slice(from, from + count);
    const scoresOf = (rows: Int32Array) => linearScores(responses, rows, own, bias);
    const read = (rows: Int32Array) => ({ labels: takeRows(labels, rows, count), scores: scoresOf(rows) });
    const knownLabels = takeRows(labels, train, count);
    const [chosenOn, unseen] = [read(validation), read(test)];
    const thresholds = chooseThresholds(spec, chosenOn.scores, chosenOn.labels);
    const onValidation = (cuts: readonly number[]) => judge(spec, chosenOn.scores, chosenOn.labels, cuts).value;
    const best = onValidation(thresholds);
    const tested = judge(spec, unseen.scores, unseen.labels, thresholds);
    const groups = family.groups?.filter((_, at) => split[family.rows[at]!] === TEST);
    return {
      validation: best,
      // Without thresholds nothing was chosen on validation but the penalty, and scores of the training rows decide nothing.
      heldOut: thresholds.length === 0 ? best : onValidation(chooseThresholds(spec, scoresOf(train), knownLabels)),
      test: tested.value,
      chance: judgeChance(spec, knownLabels, unseen.labels),
      others: tested.others,
      thresholds,
      r2: explainedOnTest(unseen, count),
      interval: () =>
        bootstrapInterval(spec, { ...unseen, thresholds, groups, resamples: resamplesFor(unseen.labels) }),
      lambda: lambdas[i] as number,
      n,
      weights: own,
      intercepts: bias,
    };
  });
}

/** Enough for a cell among hundreds; fewer where many classes make each dear. */
function resamplesFor({ length }: Float64Array): number {
  return Math.max(50, Math.min(200, Math.round(2e7 / length)));
}

/** R² of each target over the rows that carry it, the mean of the targets; a target that does not vary counts 0. */
function explainedOnTest(
  { labels, scores }: { readonly labels: Float64Array; readonly scores: Float64Array },
  targets: number,
): number {
  let total = 0;
  for (let target = 0; target < targets; target++) {
    let [n, sum, squares, residual] = [0, 0, 0, 0];
    for (let i = target; i < labels.length; i += targets) {
      const label = labels[i] as number;
      if (Number.isNaN(label)) continue;
      n++;
      sum += label;
      squares += label * label;
      residual += (label - (scores[i] as number)) ** 2;
    }
    const spread = squares - sum ** 2 / n;
    // What is left of equal labels by rounding is no variance.
    if (spread > 1e-12 * squares) total += 1 - residual / spread;
  }
  return total / targets;
}

/** Trials of all members on one split, from the statistics of each of `fittedApart`. */
export function probeTrial(
  responses: Float32Array,
  family: TaskFamily,
  split: Uint8Array,
  moments: readonly TrialMoments[],
): FittedTrial[] {
  const fits = fittedApart(family).map((part, i) => fitTrial(responses, part, split, moments[i] as TrialMoments));
  return judgeTrial(responses, family, split, fits);
}

/** `probeTrial` without moments. */
export function probeTrialByRows(responses: Float32Array, family: TaskFamily, split: Uint8Array): FittedTrial[] {
  const fits = fittedApart(family).map((part) => fitTrialByRows(responses, part, split));
  return judgeTrial(responses, family, split, fits);
}

/** Fits of single labels as the fit of their task, whose penalty is the largest of theirs. */
function joined({ targets }: TaskFamily, parts: readonly TaskFamily[], fits: readonly FamilyFit[]): FamilyFit {
  const filters = fits[0]!.weights.length / parts[0]!.targets;
  const weights = new Float64Array(targets * filters);
  const intercepts = new Float64Array(targets);
  parts.forEach(({ members }, i) => {
    const fit = fits[i]!;
    for (const { index, from } of members) {
      weights.set(fit.weights.subarray(from * filters, (from + 1) * filters), index * filters);
      intercepts[index] = fit.intercepts[from]!;
    }
  });
  return { weights, intercepts, lambdas: [Math.max(...fits.flatMap(({ lambdas }) => lambdas))] };
}

function partsOf(family: TaskFamily, split: Uint8Array): [Int32Array, Int32Array, Int32Array] {
  const of = (part: number): Int32Array => family.rows.filter((row) => split[row] === part);
  return [of(TRAIN), of(VALIDATION), of(TEST)];
}
