import { Allocation, type Groups } from './allocation.ts';

/**
 * How many classes each group keeps so that the network costs at most `target` and the groups lose least in sum. Every group minimises
 * loss + μ · cost in the network as it stands, since a layer's cost follows its neighbours', and μ is bisected for the dearest
 * network within the target (Everett 1963: such a solution is optimal at its own cost). What is left up to the target goes to the steps
 * that spare most loss for their cost. As the product of two widths is not convex, this starts from the whole network and from one cut
 * evenly, and the better end is improved by exchanges. Where nothing allowed is cheap enough, the cheapest is given.
 */
export function allocate(groups: Groups, target: number): readonly number[] {
  const state = new Allocation(groups);
  const full = state.cost;
  if (full <= target) return state.kept;
  const whole = [...state.kept];
  const even = dearestEven(state, target);
  const ends = [whole, even].map((start) => dearestRelaxed(state, start, target, full));
  const rank = () => rankOf(state, target, full);
  let best: { readonly kept: readonly number[]; readonly rank: number } | undefined;
  for (const end of [...ends, even]) {
    state.set(end);
    state.fill(target);
    if (!best || rank() < best.rank) best = { kept: [...state.kept], rank: rank() };
  }
  state.set(best!.kept);
  exchange(state, groups.allowed.length, target, rank);
  return state.kept;
}

/** The range of μ, in losses per cost of the whole network: from where nothing but the free goes to where all that may go does. */
const [LEAST_EXPONENT, GREATEST_EXPONENT] = [-6, 8];
const STEPS = 24;
/** What lies this near below the target, as a share of the whole network's cost, is left to single steps. */
const FILLED = 0.002;
/** A network this near to the target is near enough; farther off, nearness goes before loss. */
const NEAR = 0.02;
/** More than all groups together can lose. */
const FAR = 1e6;
/** How many steps back a group is asked to go, and how many such trials there are. */
const STEPS_BACK = [1, 2, 4, 8];
const MAX_TRIALS = 400;

/** The lower the better. */
function rankOf(state: Allocation, target: number, full: number): number {
  const gap = (target - state.cost) / full;
  return state.loss + (gap > NEAR ? FAR * gap : 0);
}

/** The dearest network within the target, or the cheapest of all, of those that keep the same share of every group. */
function dearestEven(state: Allocation, target: number): number[] {
  let [low, high] = [0, 1];
  for (let step = 0; step < STEPS; step++) {
    const share = (low + high) / 2;
    state.even(share);
    if (state.cost <= target) low = share;
    else high = share;
  }
  state.even(low);
  return [...state.kept];
}

/** The dearest network within the target, or the cheapest of all, that groups settle at from a start under some price. */
function dearestRelaxed(state: Allocation, start: readonly number[], target: number, full: number): number[] {
  state.even(0);
  let best = [...state.kept];
  let [low, high] = [LEAST_EXPONENT, GREATEST_EXPONENT];
  for (let step = 0; step < STEPS; step++) {
    const exponent = (low + high) / 2;
    state.set(start);
    state.relax(10 ** exponent / full);
    if (state.cost > target) low = exponent;
    else {
      high = exponent;
      best = [...state.kept];
      if (state.cost >= target - FILLED * full) break;
    }
  }
  return best;
}

/** One group goes back for others to go forward, as long as that is better. */
function exchange(state: Allocation, groups: number, target: number, rank: () => number): void {
  let [best, trials] = [rank(), 0];
  for (let improved = true; improved;) {
    improved = false;
    for (let group = 0; group < groups; group++) {
      for (const steps of STEPS_BACK) {
        if (trials++ === MAX_TRIALS) return;
        const before = [...state.kept];
        if (!state.stepBack(group, steps)) break;
        state.fill(target, group);
        state.fill(target);
        if (rank() < best - EPSILON) {
          best = rank();
          improved = true;
        } else state.set(before);
      }
    }
  }
}

/** Differences below this are rounding. */
const EPSILON = 1e-12;
