import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import { giveBack } from './give-back.ts';
import type { Holder } from './limits.ts';
import { holders } from './limits.ts';
import { makePlan } from './make-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';

/** Ranked groups, and how many classes each may keep. */
export interface GroupPlan {
  readonly groups: readonly RankedGroup[];
  /** By group, ascending. */
  readonly allowed: readonly (readonly number[])[];
  /** The plan that keeps the first so many of each group. */
  planOf(kept: readonly number[]): Plan;
}

/**
 * What limits leave of the choice of widths. `forbidden`: classes that go in any case; they stand last in their groups. Throws PLAN_BAD_LIMIT,
 * PLAN_UNKNOWN_LAYER.
 */
export function groupPlan(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  limits: PlanLimits,
  forbidden: ReadonlySet<number> = new Set(),
): GroupPlan {
  const bounds = holders(analysis, limits);
  const worth = rankWorth(groups, analysis.classes.length);
  const least = leastKept(analysis, groups, bounds, worth);
  const allowed = groups.map(({ classes }) => {
    const most = classes.filter((id) => !forbidden.has(id)).length;
    return allowedCounts(classes, { least: classes.filter((id) => least.has(id)).length, most }, bounds);
  });
  return {
    groups,
    allowed,
    planOf: (kept) =>
      withDamage(
        analysis,
        groups,
        makePlan(
          analysis,
          groups.flatMap(({ classes }, group) => classes.slice(kept[group])),
          { ...limits, worth },
        ),
      ),
  };
}

/** How many classes of each group a plan keeps. */
export function keptBy(groups: readonly RankedGroup[], { removedClasses }: Plan): readonly number[] {
  const gone = new Set(removedClasses);
  return groups.map(({ classes }) => classes.filter((id) => !gone.has(id)).length);
}

/** Notes in each layer the greatest share that a group of its classes loses of what it can. */
function withDamage(analysis: ChannelAnalysis, groups: readonly RankedGroup[], plan: Plan): Plan {
  const kept = keptBy(groups, plan);
  const shares = new Map<number, number>();
  groups.forEach(({ classes, damage }, group) => {
    const share = damage[0]! > 0 ? damage[kept[group]!]! / damage[0]! : 0;
    for (const id of classes) shares.set(id, share);
  });
  const layers = plan.layers.map((layer, i) => {
    const own = analysis.layers[i]!.classes.flatMap((id) => shares.get(id) ?? []);
    return own.length === 0 ? layer : { ...layer, damage: Math.max(...own) };
  });
  return { ...plan, layers };
}

/** Worth by class for what limits give back: the earlier in its group the more. */
function rankWorth(groups: readonly RankedGroup[], classes: number): Float64Array {
  const worth = new Float64Array(classes);
  for (const { classes: ids } of groups) ids.forEach((id, rank) => (worth[id] = 1 - rank / ids.length));
  return worth;
}

/** What is left when all goes that limits and the graph let go: cheaper is not to be had. */
function leastKept(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  bounds: readonly Holder[],
  worth: Float64Array,
): ReadonlySet<number> {
  const all = groups.flatMap(({ classes }) => classes);
  const removed = new Set(all);
  giveBack(
    analysis,
    removed,
    bounds.map((holder) => ({ ...holder, multiple: 1 })),
    worth,
  );
  return new Set(all.filter((id) => !removed.has(id)));
}

/** How many classes of a group may stay so that every layer it spans keeps a multiple; the most always may. */
function allowedCounts(
  ids: readonly number[],
  { least, most }: { readonly least: number; readonly most: number },
  bounds: readonly Holder[],
): number[] {
  const members = new Set(ids);
  const spanned = bounds.flatMap(({ classes, multiple }) => {
    const own = classes.filter((id) => members.has(id)).length;
    if (own === 0 || multiple === 1) return [];
    return [{ perClass: own / ids.length, others: classes.length - own, multiple }];
  });
  const fits = (k: number): boolean =>
    spanned.every(({ perClass, others, multiple }) => (others + k * perClass) % multiple === 0);
  const from = Math.min(least, most);
  const counts = Array.from({ length: most - from }, (_, i) => from + i).filter(fits);
  return fits(most) || most === ids.length || counts.length === 0 ? [...counts, most] : counts;
}
