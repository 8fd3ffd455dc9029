import type { CostModel } from './cost-model.ts';
import type { LossModel } from './loss-model.ts';

/** Groups of classes that keep their best, and what a network of them costs and loses. */
export interface Groups {
  readonly cost: CostModel;
  readonly loss: LossModel;
  /** For each group the numbers of classes that it may keep, ascending; the last is all it has. */
  readonly allowed: readonly (readonly number[])[];
}

/** Groups settle within a few turns; if they circle, any turn's end will do. */
const MAX_TURNS = 8;

/** How many classes each group keeps, and the moves that lead to better. */
export class Allocation {
  /** By group. */
  readonly kept: number[];
  private readonly groups: Groups;

  /** All are kept at first. */
  constructor(groups: Groups) {
    this.groups = groups;
    this.kept = groups.allowed.map((counts) => counts.at(-1)!);
    this.set(this.kept);
  }

  /** Cost of the whole network. */
  get cost(): number {
    return this.groups.cost.total();
  }

  /** Sum over groups. */
  get loss(): number {
    const { allowed, loss } = this.groups;
    return allowed.reduce((sum, _, group) => sum + loss.of(group, [this.kept[group]!])[0]!, 0);
  }

  set(counts: readonly number[]): void {
    counts.forEach((k, group) => this.keep(group, k));
  }

  /** Every group keeps about the same share of what it may. */
  even(share: number): void {
    this.groups.allowed.forEach((counts, group) => this.keep(group, counts[Math.round(share * (counts.length - 1))]!));
  }

  /** Lets every group minimise loss + price · cost in the network as it stands, in turn until none moves. */
  relax(price: number): void {
    const { allowed, cost, loss } = this.groups;
    for (let turn = 0, moved = true; moved && turn < MAX_TURNS; turn++) {
      moved = false;
      for (const [group, counts] of allowed.entries()) {
        const costs = cost.costs(group, counts);
        const losses = loss.of(group, counts);
        let best = 0;
        for (let i = 1; i < counts.length; i++) {
          if (losses[i]! + price * costs[i]! < losses[best]! + price * costs[best]!) best = i;
        }
        if (counts[best] === this.kept[group]) continue;
        moved = true;
        this.keep(group, counts[best]!);
      }
    }
  }

  /**
   * Spends what is left up to the target, step by step, where it spares most loss for its cost; of equals, on the thinnest group. One
   * group may be excepted.
   */
  fill(target: number, except = -1): void {
    for (let step = this.bestStep(target, except); step; step = this.bestStep(target, except)) {
      this.keep(step.group, step.next);
    }
  }

  /** Takes a group some steps down; false where it has not so many. */
  stepBack(group: number, steps: number): boolean {
    const counts = this.groups.allowed[group]!;
    const at = counts.indexOf(this.kept[group]!) - steps;
    if (at >= 0) this.keep(group, counts[at]!);
    return at >= 0;
  }

  private bestStep(target: number, except: number): { readonly group: number; readonly next: number } | undefined {
    const { allowed, cost, loss } = this.groups;
    const budget = target - cost.total();
    let best: { readonly group: number; readonly next: number } | undefined;
    let [bestRate, bestShare] = [-1, 0];
    for (const [group, counts] of allowed.entries()) {
      const now = this.kept[group]!;
      const next = counts[counts.indexOf(now) + 1];
      if (next === undefined || group === except) continue;
      const costs = cost.costs(group, [now, next]);
      const dearer = costs[1]! - costs[0]!;
      if (dearer > budget) continue;
      const losses = loss.of(group, [now, next]);
      const rate = (losses[0]! - losses[1]!) / Math.max(dearer, Number.MIN_VALUE);
      const share = now / counts.at(-1)!;
      if (rate < bestRate || (rate === bestRate && share >= bestShare)) continue;
      best = { group, next };
      [bestRate, bestShare] = [rate, share];
    }
    return best;
  }

  private keep(group: number, k: number): void {
    this.kept[group] = k;
    this.groups.cost.keep(group, k);
    this.groups.loss.keep(group, k);
  }
}
