import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import { groupPlan } from './group-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';

/**
 * The plan in which each group keeps the fewest classes with a damage of at most ε of what it would lose in all; where it spans layers of several ε,
 * of the least. Throws PLAN_BAD_LIMIT, PLAN_UNKNOWN_LAYER.
 * @param epsilon by layer
 */
export function planWithin(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  epsilon: (layer: string) => number,
  limits: PlanLimits = {},
): Plan {
  const choice = groupPlan(analysis, groups, limits);
  return choice.planOf(
    groups.map(({ classes, damage }, group) => {
      const layers = analysis.classes[classes[0]!]!.members.map(({ layer }) => layer);
      const most = Math.min(...layers.map(epsilon)) * damage[0]!;
      return choice.allowed[group]!.find((count) => damage[count]! <= most) ?? classes.length;
    }),
  );
}
