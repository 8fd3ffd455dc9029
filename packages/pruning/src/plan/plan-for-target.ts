import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { allocate } from './allocate.ts';
import { classGroups } from './class-groups.ts';
import { CostModel } from './cost-model.ts';
import { costTerms } from './cost-terms.ts';
import type { Decision } from './decide.ts';
import { classWorth } from './decide.ts';
import { giveBack } from './give-back.ts';
import type { Holder } from './limits.ts';
import { holders } from './limits.ts';
import { LossModel } from './loss-model.ts';
import { costAfter, makePlan } from './make-plan.ts';
import type { Plan, PlanLimits, Target } from './plan.ts';
import type { Rankings } from './ranking.ts';
import { rankedTaps } from './ranking.ts';

export interface TargetPlanOptions extends PlanLimits {
  /** How a class with several taps is ranked, and whether its loss is the greatest of theirs (union) or their mean. Default `union`. */
  readonly decide?: Decision;
}

/**
 * The plan that loses least among those that cost at most what the target says, as near to it as whole classes allow. Classes are given up
 * among those that span the same layers, least worth first; how many goes where is found by `allocate`. Classes that no ranked tap
 * reads stay. Throws PLAN_TARGET_UNREACHABLE naming the least that can be reached, PLAN_BAD_LIMIT, PLAN_UNKNOWN_LAYER,
 * PLAN_BAD_RANKING.
 */
export function planForTarget(
  analysis: ChannelAnalysis,
  rankings: Rankings,
  target: Target,
  { decide = 'union', ...limits }: TargetPlanOptions = {},
): Plan {
  requireTarget(target);
  const ranked = rankedTaps(analysis, rankings);
  const worth = classWorth(
    ranked.map(({ tap, ranking }) => ({ tap, worth: ranking.worth })),
    analysis.classes.length,
    decide,
  );
  const read = new Set(ranked.flatMap(({ tap }) => tap.classes));
  const groups = classGroups(analysis)
    .map((ids) => ids.filter((id) => read.has(id)).sort((a, b) => worth[b]! - worth[a]! || a - b))
    .filter((ids) => ids.length > 0);
  const bounds = holders(analysis, limits);
  const least = cheapest(analysis, groups, bounds, worth);
  const allowed = groups.map((ids) => allowedCounts(ids, ids.filter((id) => !least.has(id)).length, bounds));
  const network = {
    cost: new CostModel(costTerms(analysis, target.kind), groups),
    loss: new LossModel(ranked, groups, decide),
    allowed,
  };
  const planOf = (kept: readonly number[]) =>
    makePlan(
      analysis,
      groups.flatMap((ids, group) => ids.slice(kept[group])),
      { ...limits, worth },
    );
  // What surgery adds of its own, such as shape constants, is not in the model: the exact figure brings the budget down.
  let budget = target.atMost;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const plan = planOf(allocate(network, budget));
    const over = plan.after[target.kind] - target.atMost;
    if (over <= 0) return plan;
    budget = Math.min(budget, network.cost.total()) - over;
  }
  const plan = planOf(allowed.map(([count]) => count!));
  if (plan.after[target.kind] <= target.atMost) return plan;
  throw unreachable(target, plan.after[target.kind], costAfter(analysis, new Set())[target.kind]);
}

const ATTEMPTS = 8;

/** All that may go, less what limits and the graph need back: cheaper is not to be had. */
function cheapest(
  analysis: ChannelAnalysis,
  groups: readonly (readonly number[])[],
  bounds: readonly Holder[],
  worth: Float64Array,
): ReadonlySet<number> {
  const removed = new Set(groups.flat());
  giveBack(
    analysis,
    removed,
    bounds.map((holder) => ({ ...holder, multiple: 1 })),
    worth,
  );
  return removed;
}

/** How many classes of a group may stay, from `least` on, so that every layer it spans keeps a multiple; all may always. */
function allowedCounts(ids: readonly number[], least: number, bounds: readonly Holder[]): number[] {
  const members = new Set(ids);
  const spanned = bounds.flatMap(({ classes, multiple }) => {
    const own = classes.filter((id) => members.has(id)).length;
    if (own === 0 || multiple === 1) return [];
    const others = classes.length - own;
    return [{ perClass: own / ids.length, others, multiple }];
  });
  const fits = (k: number) =>
    spanned.every(({ perClass, others, multiple }) => (others + k * perClass) % multiple === 0);
  const counts = Array.from({ length: ids.length - least }, (_, i) => least + i).filter(fits);
  return [...counts, ids.length];
}

function requireTarget({ kind, atMost }: Target): void {
  if (atMost >= 0 && atMost < Infinity && (kind === 'macs' || kind === 'parameters' || kind === 'bytes')) return;
  throw new Failure('PLAN_BAD_LIMIT', `the target is ${atMost} ${kind}`, {
    where: 'target',
    fix: 'give a number from 0 on of macs, parameters or bytes',
  });
}

function unreachable({ kind, atMost }: Target, reached: number, whole: number): Failure {
  const share = ((100 * reached) / whole).toFixed(1);
  return new Failure(
    'PLAN_TARGET_UNREACHABLE',
    `${kind} can be brought down to ${reached} of ${whole} (${share} %), not to ${atMost}`,
    { where: 'target', fix: `ask for at most ${reached} ${kind} or more, or let layers keep fewer filters` },
  );
}
