import type { CostModel } from './cost-model.ts';

/** Groups of classes that keep their best: what they cost, and what that does to the answers. */
export interface WidthGroups {
  readonly cost: CostModel;
  /** By group, with k classes kept; never rising with k. */
  readonly damage: readonly Float64Array[];
  /** By group the numbers of classes that it may keep, ascending. */
  readonly allowed: readonly (readonly number[])[];
}

/** How far ahead a group is asked to go, as shares of what it keeps: damage is not quite convex in the number of classes. */
const STRIDES = [0.02, 0.06, 0.18, 0.36];
const EVEN_STEPS = 32;
/** Counts ahead among which one may cost less than the next: kernels work in blocks of up to 16 channels. */
const AHEAD = 16;

/**
 * How many classes each group keeps so that the network costs at most `target`: from the whole network down, always where least damage is done
 * for what it saves, as the network stands (a layer's cost follows its neighbours'). What is left up to the target goes to the
 * steps that spare most for what they cost. Where nothing allowed is cheap enough, the cheapest is given.
 */
export function widthsByDamage(groups: WidthGroups, target: number): readonly number[] {
  const widths = new Widths(groups);
  widths.shrink(target);
  widths.fill(target);
  return widths.kept;
}

/**
 * The same share of every group, as near as what is allowed comes to it: the largest that costs at most `target`, and what is left given as
 * above. The cheapest where none does.
 */
export function evenWidths(groups: WidthGroups, target: number): readonly number[] {
  const widths = new Widths(groups);
  widths.even(evenShare(groups, target));
  widths.fill(target);
  return widths.kept;
}

/** The largest share of every group that costs at most `target`; 0 where none does. */
export function evenShare(groups: WidthGroups, target: number): number {
  const widths = new Widths(groups);
  let [low, high] = [0, 1];
  if (widths.cost <= target) return 1;
  for (let step = 0; step < EVEN_STEPS; step++) {
    const share = (low + high) / 2;
    widths.even(share);
    if (widths.cost <= target) low = share;
    else high = share;
  }
  return low;
}

/** The nearest of some counts; of equals the first. */
export function nearest(counts: readonly number[], wanted: number): number {
  return counts.reduce((best, count) => (Math.abs(count - wanted) < Math.abs(best - wanted) ? count : best));
}

interface Step {
  readonly group: number;
  readonly count: number;
  /** Damage for each unit of cost. */
  readonly rate: number;
}

class Widths {
  /** By group. */
  readonly kept: number[];
  private readonly groups: WidthGroups;

  /** Each group keeps the most that it may. */
  constructor(groups: WidthGroups) {
    this.groups = groups;
    this.kept = groups.allowed.map((counts) => counts.at(-1)!);
    this.kept.forEach((count, group) => groups.cost.keep(group, count));
  }

  get cost(): number {
    return this.groups.cost.total();
  }

  even(share: number): void {
    this.groups.allowed.forEach((counts, group) => {
      this.keep(group, nearest(counts, share * (this.groups.damage[group]!.length - 1)));
    });
  }

  shrink(target: number): void {
    const { allowed, cost } = this.groups;
    const steps = allowed.map((_, group) => this.stepDown(group));
    while (this.cost > target) {
      let best: Step | undefined;
      for (const step of steps) if (step && (!best || step.rate < best.rate)) best = step;
      if (!best) return;
      this.keep(best.group, best.count);
      for (const group of cost.neighbours(best.group)) steps[group] = this.stepDown(group);
    }
  }

  /** Of equal steps, the one of the thinnest group. */
  fill(target: number): void {
    const { allowed } = this.groups;
    for (;;) {
      const budget = target - this.cost;
      let best: (Step & { readonly share: number }) | undefined;
      allowed.forEach((counts, group) => {
        const now = this.kept[group]!;
        const [next, before, after] = this.stepUp(group);
        if (next === undefined || after - before > budget) return;
        const damage = this.groups.damage[group]!;
        const rate = (damage[now]! - damage[next]!) / Math.max(after - before, Number.MIN_VALUE);
        const share = now / counts.at(-1)!;
        if (!best || rate > best.rate || (rate === best.rate && share < best.share)) {
          best = { group, count: next, rate, share };
        }
      });
      if (!best) return;
      this.keep(best.group, best.count);
    }
  }

  /** The next count that a group may keep, and the cost before and after; a greater count where that costs no more. */
  private stepUp(group: number): readonly [number | undefined, number, number] {
    const { allowed, cost } = this.groups;
    const now = this.kept[group]!;
    const from = allowed[group]!.indexOf(now) + 1;
    const ahead = allowed[group]!.slice(from, from + (cost.rises ? 1 : AHEAD));
    const [before, ...costs] = cost.costs(group, [now, ...ahead]);
    const least = costs.lastIndexOf(Math.min(...costs));
    const step = costs[least]! <= costs[0]! ? least : 0;
    return [ahead[step], before!, costs[step] ?? before!];
  }

  /** Within a stride where that saves; where a cost does not fall at once, to whatever is cheaper further down. */
  private stepDown(group: number): Step | undefined {
    const { allowed, cost } = this.groups;
    const counts = allowed[group]!;
    const now = this.kept[group]!;
    const at = counts.indexOf(now);
    const targets = new Set(
      STRIDES.map((stride) => {
        const wanted = Math.min(now - Math.max(1, Math.round(stride * now)), counts[at - 1] ?? -1);
        return counts.findLast((count) => count <= wanted) ?? counts[0]!;
      }),
    );
    targets.delete(now);
    if (at === 0 || targets.size === 0) return undefined;
    return this.bestOf(group, [...targets]) ?? (cost.rises ? undefined : this.bestOf(group, counts.slice(0, at)));
  }

  /** Of fewer classes, the count that does least damage for what it saves; undefined where none saves. */
  private bestOf(group: number, fewer: readonly number[]): Step | undefined {
    const now = this.kept[group]!;
    const costs = this.groups.cost.costs(group, [now, ...fewer]);
    const losses = this.groups.damage[group]!;
    let best: Step | undefined;
    fewer.forEach((count, i) => {
      const saved = costs[0]! - costs[i + 1]!;
      const rate = (losses[count]! - losses[now]!) / Math.max(saved, Number.MIN_VALUE);
      if (saved > 0 && (!best || rate < best.rate)) best = { group, count, rate };
    });
    return best;
  }

  private keep(group: number, count: number): void {
    this.kept[group] = count;
    this.groups.cost.keep(group, count);
  }
}
