import { Failure } from '@kneepoint/failures';
import { familiesOf, fittedApart, type TaskFamily } from '../layer/family.ts';
import { trialMoments } from '../layer/trial-moments.ts';
import { type FittedTrial, probeTrial, probeTrialByRows } from '../probe/probe-trial.ts';
import { finish } from '../run.ts';
import { linearScores } from '../solve/scores.ts';
import { LEFT_OUT, PART_NAMES, TRAIN } from '../split.ts';
import { judge } from '../task/judge.ts';
import { countFilters, takeRows } from '../task/labels.ts';
import type { LabelledTask, TaskSpec } from '../task/spec.ts';

export interface Head {
  /** targets × filters, row-major, for responses as they come. */
  readonly weights: Float64Array;
  /** One per target. */
  readonly bias: Float64Array;
  /** One per target for binary and multilabel tasks, else empty. */
  readonly thresholds: readonly number[];
  readonly lambda: number;
  /** Main metric of the task on each part. */
  readonly metrics: { readonly train: number; readonly validation: number; readonly test: number };
}

export interface HeadRequest {
  /** N × filters. */
  readonly responses: Float32Array;
  readonly labels: Float64Array;
  readonly task: TaskSpec;
  /** One entry per row: 0 train, 1 validation, 2 test, 3 left out. Rows without a label are left out in any case. */
  readonly split: Uint8Array;
}

/**
 * The linear head of a network in closed form: ridge on the training rows, penalty and thresholds chosen on validation.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE, REGRESSION_LABEL_INVALID, and REGRESSION_TOO_FEW_ROWS when a part is empty.
 */
export function fitHead({ responses, labels, task, split }: HeadRequest): Head {
  const filters = countFilters(responses, split.length);
  const family = withoutLeftOut(familyOf({ spec: task, labels }, split.length), split);
  PART_NAMES.forEach((name, part) => {
    if (family.rows.some((row) => split[row] === part)) return;
    throw new Failure('REGRESSION_TOO_FEW_ROWS', `no ${name} row carries a label of "${task.name}"`, {
      where: name,
      fix: 'labelled rows in training, validation and test',
    });
  });
  const train = family.rows.filter((row) => split[row] === TRAIN);
  const [fit] =
    filters > train.length
      ? probeTrialByRows(responses, family, split)
      : fitByMoments(responses, filters, family, split);
  if (fit === undefined) throw new Error('one task gives one fit');
  const scores = linearScores(responses, train, fit.weights, fit.intercepts);
  const fitted = judge(task, scores, takeRows(labels, train, task.targets.length), fit.thresholds);
  return {
    weights: fit.weights,
    bias: fit.intercepts,
    thresholds: fit.thresholds,
    lambda: fit.lambda,
    metrics: { train: fitted.value, validation: fit.validation, test: fit.test },
  };
}

function fitByMoments(
  responses: Float32Array,
  filters: number,
  family: TaskFamily,
  split: Uint8Array,
): readonly FittedTrial[] {
  const moments = fittedApart(family).map((part) => {
    const [trial] = finish(trialMoments(responses, filters, part, [split]));
    if (trial === undefined) throw new Error('one split gives one trial');
    return trial;
  });
  return probeTrial(responses, family, split, moments);
}

function familyOf(task: LabelledTask, rows: number): TaskFamily {
  const [family] = familiesOf([task], rows, undefined);
  return family as TaskFamily;
}

function withoutLeftOut(family: TaskFamily, split: Uint8Array): TaskFamily {
  return {
    ...family,
    rows: family.rows.filter((row) => (split[row] ?? LEFT_OUT) < LEFT_OUT),
    ...(family.parts ? { parts: family.parts.map((part) => withoutLeftOut(part, split)) } : {}),
  };
}
