import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { classGroups } from './class-groups.ts';
import { makePlan } from './make-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';
import { worthByCriterion } from './worth-by-criterion.ts';

export interface CriterionPlanOptions extends PlanLimits {
  /** The model with its weights; random needs none. */
  readonly model?: ModelProto;
  readonly seed?: number;
  /** What images say of each tap channel, by layer, for criteria that judge by them. */
  readonly measured?: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * A plan that removes `ratio` of the classes of every layer, lowest score first. Classes are ranked among those that span the same
 * layers, so that no layer is emptied to spare another; what the criterion says nothing of stays. Throws PLAN_BAD_RATIO and what
 * `worthByCriterion` throws.
 */
export function planByCriterion(
  name: string,
  analysis: ChannelAnalysis,
  ratio: number,
  { model, seed = 0, measured, ...limits }: CriterionPlanOptions = {},
): Plan {
  if (!(ratio >= 0 && ratio < 1)) {
    throw new Failure('PLAN_BAD_RATIO', `the ratio is ${ratio}`, {
      where: 'ratio',
      fix: 'give the share of filters to remove, from 0 up to but not including 1',
    });
  }
  const scores = worthByCriterion(name, {
    ...{ analysis, seed },
    ...(model ? { model } : {}),
    ...(measured ? { measured } : {}),
  });
  const remove = classGroups(analysis).flatMap((group) => {
    const ids = group.filter((id) => !Number.isNaN(scores[id]));
    return ids.sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, Math.floor(ids.length * ratio));
  });
  return makePlan(analysis, remove, { ...limits, worth: scores });
}

/** A plan that removes `ratio` of every layer's classes at random; the same seed gives the same plan. */
export function randomPlan(analysis: ChannelAnalysis, ratio: number, seed: number, limits: PlanLimits = {}): Plan {
  return planByCriterion('random', analysis, ratio, { ...limits, seed });
}

/** A plan that removes the `ratio` of every layer's classes with the smallest weights (L1). */
export function l1Plan(model: ModelProto, analysis: ChannelAnalysis, ratio: number, limits: PlanLimits = {}): Plan {
  return planByCriterion('l1', analysis, ratio, { ...limits, model });
}
