import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import { CostModel } from './cost-model.ts';
import { costTerms } from './cost-terms.ts';
import { type GroupPlan, groupPlan, keptBy } from './group-plan.ts';
import type { Plan, PlanLimits, Target } from './plan.ts';
import { evenShare, evenWidths, nearest, type WidthGroups, widthsByDamage } from './widths.ts';

/** How widths were found: where least damage is done, or the same share everywhere. */
export type WidthRule = 'damage' | 'even';

/** One way of reaching a target. */
export interface Candidate {
  readonly widths: WidthRule;
  readonly plan: Plan;
  /** Σ over groups of what they lose. */
  readonly damage: number;
  /** In the unit of the target: exact, or for a time what the table forecasts. */
  readonly cost: number;
}

export interface TargetPlanOptions extends PlanLimits {
  /** Classes that go in any case. They stand last in their groups. */
  readonly forbidden?: ReadonlySet<number>;
}

/**
 * The plans that cost at most what the target says, as near to it as whole classes allow: by damage first, then with even widths where they
 * are others. Classes in no group stay. A layer keeps less than a quarter of what the even plan leaves it, or fewer filters than
 * `FLOOR`, only where next to none of its damage is done by that, and the plan says so. Throws
 * PLAN_TARGET_UNREACHABLE naming the least that can be reached, PLAN_BAD_LIMIT, PLAN_UNKNOWN_LAYER.
 */
export function plansForTarget(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  target: Target,
  { forbidden, ...limits }: TargetPlanOptions = {},
): readonly [Candidate, ...Candidate[]] {
  requireTarget(target);
  const choice = groupPlan(analysis, groups, limits, forbidden);
  const widths: WidthGroups = {
    cost: new CostModel(
      target.kind === 'time' ? target.terms : costTerms(analysis, target.kind),
      groups.map(({ classes }) => classes),
    ),
    damage: groups.map(({ damage }) => damage),
    allowed: choice.allowed,
  };
  const even = within(analysis, choice, widths, target, evenWidths);
  let share = 1;
  const chosen = within(analysis, choice, widths, target, (_, budget) => {
    share = evenShare(widths, budget);
    return widthsByDamage(withFloors(analysis, groups, widths, { share, multiple: limits.roundTo ?? 1 }), budget);
  });
  const candidate = (rule: WidthRule, plan: Plan): Candidate => {
    const kept = keptBy(groups, plan);
    const damage = groups.reduce((sum, group, i) => sum + group.damage[kept[i]!]!, 0);
    return { widths: rule, plan, damage, cost: costOf(plan, { choice, widths, target }) };
  };
  const first = candidate('damage', comparedWith(analysis, choice, chosen, share));
  const same = String(chosen.removedClasses) === String(even.removedClasses);
  return same ? [first] : [first, candidate('even', even)];
}

/** The plan of least damage; see `plansForTarget`. */
export function planForTarget(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  target: Target,
  options: TargetPlanOptions = {},
): Plan {
  return chooseCandidate(plansForTarget(analysis, groups, target, options)).plan;
}

/**
 * The candidate to go on with: the one whose network, healed, has the lowest error on validation where that was measured, else the one of least
 * damage. Of equals the first.
 * @param errors in the order of the candidates
 */
export function chooseCandidate(
  candidates: readonly [Candidate, ...Candidate[]],
  errors?: readonly number[],
): Candidate {
  const figure = (index: number): number => errors?.[index] ?? candidates[index]!.damage;
  return candidates.reduce((best, next, index) => (figure(index) < figure(candidates.indexOf(best)) ? next : best));
}

/** Filters below which no layer is cut while its damage says anything. */
export const FLOOR = 4;
/** Share of the even plan's width below which the same holds. */
const THIN = 1 / 4;
/** Share of what a layer can lose that counts as nothing. */
const NEXT_TO_NONE = 1e-3;
const ATTEMPTS = 8;

/** What surgery adds of its own, such as shape constants, is not in the cost model: the exact figure brings the budget down. */
function within(
  analysis: ChannelAnalysis,
  choice: GroupPlan,
  widths: WidthGroups,
  target: Target,
  choose: (widths: WidthGroups, budget: number) => readonly number[],
): Plan {
  let budget = target.atMost;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const kept = choose(widths, budget);
    kept.forEach((count, group) => widths.cost.keep(group, count));
    const asked = widths.cost.total();
    const plan = choice.planOf(kept);
    const over = costOf(plan, { choice, widths, target }) - target.atMost;
    if (over <= 0) return plan;
    budget = Math.min(budget, asked) - over;
  }
  const plan = choice.planOf(choice.allowed.map(([count]) => count!));
  const least = costOf(plan, { choice, widths, target });
  if (least <= target.atMost) return plan;
  const whole = costOf(choice.planOf(choice.groups.map(({ classes }) => classes.length)), { choice, widths, target });
  throw unreachable(target, least, whole);
}

/** What the network of a plan costs: exactly, but for a time, which only the table knows. */
function costOf(
  plan: Plan,
  { choice, widths, target }: { readonly choice: GroupPlan; readonly widths: WidthGroups; readonly target: Target },
): number {
  if (target.kind !== 'time') return plan.after[target.kind];
  keptBy(choice.groups, plan).forEach((count, group) => widths.cost.keep(group, count));
  return widths.cost.total();
}

/** Layers in series multiply, which a sum of damages does not know: where one is emptied, what the others keep is of no use. */
function withFloors(
  analysis: ChannelAnalysis,
  groups: readonly RankedGroup[],
  widths: WidthGroups,
  { share, multiple }: { readonly share: number; readonly multiple: number },
): WidthGroups {
  const allowed = widths.allowed.map((counts, group) => {
    const { classes, damage } = groups[group]!;
    const even = share * classes.length;
    const least = Math.max(THIN * even, Math.max(FLOOR, multiple) / filtersPerClass(analysis, classes[0]!));
    // What the even plan keeps is always open, so that the target is within reach.
    const floor = Math.min(nearest(counts, even), least);
    return counts.filter((count) => count >= floor || (damage[0]! > 0 && damage[count]! <= NEXT_TO_NONE * damage[0]!));
  });
  return { ...widths, allowed };
}

function filtersPerClass({ classes }: ChannelAnalysis, id: number): number {
  return Math.min(...classes[id]!.members.map(({ filters }) => filters.length));
}

/** Notes of each layer that keeps less than a quarter of its even share what that would be. */
function comparedWith(analysis: ChannelAnalysis, { groups }: GroupPlan, plan: Plan, share: number): Plan {
  const open = new Set(groups.flatMap(({ classes }) => classes));
  const layers = plan.layers.map((layer, i) => {
    const even = analysis.layers[i]!.classes.reduce((sum, id) => sum + (open.has(id) ? share : 1), 0);
    return layer.kept.length >= THIN * even ? layer : { ...layer, even: Math.round(even) };
  });
  return { ...plan, layers };
}

const KINDS: ReadonlySet<string> = new Set<Target['kind']>(['macs', 'parameters', 'bytes', 'time']);

function requireTarget({ kind, atMost }: Target): void {
  if (atMost >= 0 && atMost < Infinity && KINDS.has(kind)) return;
  throw new Failure('PLAN_BAD_LIMIT', `the target is ${atMost} ${kind}`, {
    where: 'target',
    fix: 'give a number from 0 on of macs, parameters or bytes, or of milliseconds with a table of them',
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
