import type { CostModel } from './cost-model.ts';
import type { LossModel } from './loss-model.ts';

/** A network whose groups keep their best classes, and what that costs and loses. */
export interface Allocation {
  readonly cost: CostModel;
  readonly loss: LossModel;
  /** For each group the numbers of classes that it may keep, ascending; the last is all it has. */
  readonly allowed: readonly (readonly number[])[];
}

/**
 * How many classes each group keeps so that the network costs at most `target` and the groups lose least in sum. Every group minimises
 * loss + μ · cost in the network as it stands, in turn until none moves, since a layer's cost follows its neighbours'; μ is
 * bisected for the dearest network within the target (Everett 1963: such a solution is optimal at its own cost). What is left up
 * to the target goes to the steps that spare most loss for their cost. Leaves the network at the result; where nothing allowed is
 * cheap enough, at the cheapest.
 */
export function allocate(network: Allocation, target: number): number[] {
  const state = new State(network);
  const full = network.cost.total();
  if (full <= target) return state.kept;
  let best = network.allowed.map(([least]) => least!);
  let [low, high] = [LEAST_EXPONENT, GREATEST_EXPONENT];
  for (let step = 0; step < STEPS; step++) {
    const exponent = (low + high) / 2;
    state.reset();
    state.relax(10 ** exponent / full);
    if (network.cost.total() <= target) {
      best = [...state.kept];
      high = exponent;
      if (network.cost.total() >= target - full * FILLED) break;
    } else low = exponent;
  }
  state.set(best);
  state.fill(target);
  state.exchange(target, full * NEAR);
  return state.kept;
}

/** The range of μ, in losses per cost of the whole network: from where nothing but the free goes to where all that may go does. */
const [LEAST_EXPONENT, GREATEST_EXPONENT] = [-6, 8];
const STEPS = 24;
/** Groups settle within a few turns; if they circle, any turn's end will do. */
const MAX_TURNS = 8;
/** What lies this near below the target is left to single steps. */
const FILLED = 0.002;
/** A network this near to the target, as a share of the whole one's cost, is near enough. */
const NEAR = 0.02;
/** How many steps back a group is asked to go for another's step forward. */
const MAX_STEPS_BACK = 8;

class State {
  readonly kept: number[];
  private readonly network: Allocation;
  private readonly whole: readonly number[];

  constructor(network: Allocation) {
    this.network = network;
    this.whole = network.allowed.map((counts) => counts.at(-1)!);
    this.kept = [...this.whole];
    this.reset();
  }

  reset(): void {
    this.set(this.whole);
  }

  set(counts: readonly number[]): void {
    counts.forEach((k, group) => this.keep(group, k));
  }

  /** Lets every group minimise loss + price · cost in turn until none moves. */
  relax(price: number): void {
    const { allowed, cost, loss } = this.network;
    for (let turn = 0, moved = true; moved && turn < MAX_TURNS; turn++) {
      moved = false;
      allowed.forEach((counts, group) => {
        const costs = cost.costs(group, counts);
        const losses = loss.of(group, counts);
        let best = 0;
        for (let i = 1; i < counts.length; i++) {
          if (losses[i]! + price * costs[i]! < losses[best]! + price * costs[best]!) best = i;
        }
        if (counts[best] === this.kept[group]) return;
        moved = true;
        this.keep(group, counts[best]!);
      });
    }
  }

  /** Spends what is left up to the target, step by step, where it spares most loss for its cost; of equals, on the thinnest group. */
  fill(target: number, except = -1): void {
    const { allowed, cost, loss } = this.network;
    for (;;) {
      const budget = target - cost.total();
      let best:
        { readonly group: number; readonly next: number; readonly rate: number; readonly share: number } | undefined;
      for (const [group, counts] of allowed.entries()) {
        const now = this.kept[group]!;
        const next = counts[counts.indexOf(now) + 1];
        if (next === undefined || group === except) continue;
        const [before, after] = cost.costs(group, [now, next]) as unknown as [number, number];
        if (after - before > budget) continue;
        const [worse, better] = loss.of(group, [now, next]) as unknown as [number, number];
        const rate = (worse - better) / Math.max(after - before, Number.MIN_VALUE);
        const share = now / counts.at(-1)!;
        if (!best || rate > best.rate || (rate === best.rate && share < best.share))
          best = { group, next, rate, share };
      }
      if (!best) return;
      this.keep(best.group, best.next);
    }
  }

  /**
   * Where classes are so dear that none fits into what is left, one group goes back for others to go forward, while that brings the
   * network nearer to the target. Only networks of few, large steps come here.
   */
  exchange(target: number, near: number): void {
    const { allowed, cost } = this.network;
    let nearest = [...this.kept];
    for (let turn = 0, improved = true; improved && turn < MAX_TURNS; turn++) {
      improved = false;
      const [start, before] = [[...nearest], cost.total()];
      if (target - before <= near) return;
      let best = before;
      for (const [group, counts] of allowed.entries()) {
        const at = counts.indexOf(start[group]!);
        for (let back = 1; back <= Math.min(at, MAX_STEPS_BACK); back++) {
          this.keep(group, counts[at - back]!);
          this.fill(target, group);
          if (cost.total() > best) [best, nearest, improved] = [cost.total(), [...this.kept], true];
          this.set(start);
        }
      }
      this.set(nearest);
    }
  }

  private keep(group: number, k: number): void {
    this.kept[group] = k;
    this.network.cost.keep(group, k);
    this.network.loss.keep(group, k);
  }
}
