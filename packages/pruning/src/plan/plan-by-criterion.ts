import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { criteria } from '../criteria/index.ts';
import { makePlan } from './make-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';

export interface CriterionPlanOptions extends PlanLimits {
  /** The model with its weights; random needs none. */
  readonly model?: ModelProto;
  readonly seed?: number;
}

/**
 * A plan that removes `ratio` of the classes of every layer, lowest score first. Classes are ranked among those that span the same
 * layers, so that no layer is emptied to spare another. Throws PLAN_UNKNOWN_CRITERION, PLAN_BAD_RATIO, PLAN_NEEDS_WEIGHTS.
 */
export function planByCriterion(
  name: string,
  analysis: ChannelAnalysis,
  ratio: number,
  { model, seed = 0, ...limits }: CriterionPlanOptions = {},
): Plan {
  const criterion = Object.hasOwn(criteria, name) ? criteria[name] : undefined;
  if (!criterion) {
    throw new Failure('PLAN_UNKNOWN_CRITERION', `there is no criterion named ${name}`, {
      where: name,
      fix: `use one of ${Object.keys(criteria).join(', ')}`,
    });
  }
  if (!(ratio >= 0 && ratio < 1)) {
    throw new Failure('PLAN_BAD_RATIO', `the ratio is ${ratio}`, {
      where: 'ratio',
      fix: 'give the share of filters to remove, from 0 up to but not including 1',
    });
  }
  const scores = criterion({ analysis, seed, ...(model ? { model } : {}) });
  const ranks = new Map<string, number[]>();
  for (const { id, members, frozen } of analysis.classes) {
    if (frozen) continue;
    const span = JSON.stringify(members.map((member) => [member.layer, member.filters.length]));
    ranks.set(span, [...(ranks.get(span) ?? []), id]);
  }
  const remove = [...ranks.values()].flatMap((ids) =>
    ids.sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, Math.floor(ids.length * ratio)),
  );
  return makePlan(analysis, remove, limits, scores);
}

/** A plan that removes `ratio` of every layer's classes at random; the same seed gives the same plan. */
export function randomPlan(analysis: ChannelAnalysis, ratio: number, seed: number, limits: PlanLimits = {}): Plan {
  return planByCriterion('random', analysis, ratio, { ...limits, seed });
}

/** A plan that removes the `ratio` of every layer's classes with the smallest weights (L1). */
export function l1Plan(model: ModelProto, analysis: ChannelAnalysis, ratio: number, limits: PlanLimits = {}): Plan {
  return planByCriterion('l1', analysis, ratio, { ...limits, model });
}
