import { seededRandom, smallNets, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { drawnGroups, falling } from '../testing/drawn-groups.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';
import { costAfter, costBefore } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { type CostKind, costTerms } from './cost-terms.ts';
import { CostModel } from './cost-model.ts';
import { groupsByTaps, lossesOfTaps } from './group-losses.ts';
import { planFromTaps } from './plan-from-taps.ts';
import { type Candidate, chooseCandidate, planForTarget, plansForTarget } from './plan-for-target.ts';
import { groupsByWorth } from './rank-groups.ts';
import type { Rankings } from './ranking.ts';
import { widthsByDamage } from './widths.ts';
import { worthByCriterion } from './worth-by-criterion.ts';

const kinds: readonly CostKind[] = ['macs', 'parameters', 'bytes'];
const ones = new Array<number>(8).fill(1);

/** Random worth, and a loss that falls in random steps, flat stretches included. */
function randomRankings(analysis: ChannelAnalysis, seed: number): Rankings {
  const random = seededRandom(seed);
  return new Map(
    analysis.taps.map(({ layer, channels }) => {
      const drops = Array.from({ length: channels }, () => Math.max(0, random.uniform() - 0.4)).sort((a, b) => b - a);
      return [layer, { worth: Float64Array.from({ length: channels }, () => random.uniform()), loss: falling(drops) }];
    }),
  );
}

describe.each(Object.keys(smallNets))('a plan for a target, of %s', (name) => {
  it('never costs more, and nothing that went would still fit in unless it is within two points', async () => {
    const { analysis } = await analyse(name);
    const whole = costBefore(analysis);
    const random = seededRandom(9);
    for (let trial = 0; trial < 9; trial++) {
      const kind = kinds[trial % 3]!;
      const rankings = randomRankings(analysis, trial);
      const atMost = Math.floor(whole[kind] * (0.3 + 0.7 * random.uniform()));
      let plan: Plan;
      try {
        plan = planForTarget(analysis, groupsByTaps(analysis, rankings), { kind, atMost });
      } catch (error) {
        expect(error).toMatchObject({ code: 'PLAN_TARGET_UNREACHABLE' });
        continue;
      }
      expect(plan.after[kind]).toBeLessThanOrEqual(atMost);
      if (plan.after[kind] >= atMost - 0.02 * whole[kind]) continue;
      for (const id of plan.removedClasses) {
        const without = new Set(plan.removedClasses.filter((other) => other !== id));
        expect(costAfter(analysis, without)[kind]).toBeGreaterThan(atMost);
      }
    }
  });
});

describe('a plan for a target', () => {
  it('keeps in each layer the channels of greatest worth, and proves', async () => {
    const { model, analysis } = await analyse('residual');
    const worth = worthByCriterion('l1', { analysis, model, seed: 0 });
    const groups = groupsByWorth(analysis, worth, lossesOfTaps(analysis, randomRankings(analysis, 1)));
    const atMost = 0.5 * costBefore(analysis).macs;
    const { plan, proof } = await provePlan(model, () => planForTarget(analysis, groups, { kind: 'macs', atMost }));
    expectProved(proof);
    const ids = analysis.layers.find(({ name }) => name === 'conv2')!.classes;
    const kept = keptOf(plan, 'conv2');
    const best = [...ids.keys()].sort((a, b) => worth[ids[b]!]! - worth[ids[a]!]!).slice(0, kept.length);
    expect(kept).toEqual(best.sort((a, b) => a - b));
  });

  it('takes from layers that lose little', async () => {
    const { analysis } = await analyse('vgg');
    const flat = (channels: number, needed: number) => ({
      worth: Float64Array.from({ length: channels }, (_, i) => channels - i),
      loss: Float64Array.from({ length: channels + 1 }, (_, k) => Math.max(0, 1 - k / needed)),
    });
    // conv2 needs two of its filters, every other layer all of them.
    const rankings = new Map(
      analysis.taps.map(({ layer, channels }) => [layer, flat(channels, layer === 'conv2' ? 2 : channels)]),
    );
    const known = planFromTaps(analysis, new Map([['conv2', [0, 1, 2, 3]]]));
    const plan = planForTarget(analysis, groupsByTaps(analysis, rankings), {
      kind: 'macs',
      atMost: known.after.macs,
    });
    expect(plan.removedClasses).toEqual(known.removedClasses);
    expect(plan.layers.find(({ name }) => name === 'conv2')!.damage).toBe(0);
  });

  it('is the same whatever the order of its rankings', async () => {
    const { analysis } = await analyse('depthwise');
    const rankings = randomRankings(analysis, 4);
    const target = { kind: 'parameters', atMost: 0.5 * costBefore(analysis).parameters } as const;
    const plan = (own: Rankings) => planForTarget(analysis, groupsByTaps(analysis, own), target);
    expect(plan(new Map([...rankings].reverse()))).toEqual(plan(rankings));
  });

  it('holds to limits', async () => {
    for (const name of ['vgg', 'residual', 'depthwise', 'inception']) {
      const { analysis } = await analyse(name);
      const limits = { minFilters: 2, layerMinFilters: { conv1: 5 }, roundTo: 2 };
      const atMost = 0.6 * costBefore(analysis).macs;
      const plan = planForTarget(analysis, drawnGroups(analysis, 2), { kind: 'macs', atMost }, limits);
      expect(plan.after.macs).toBeLessThanOrEqual(atMost);
      for (const { name: layer, kept, filters, reason } of plan.layers) {
        if (reason !== undefined) continue;
        expect(kept.length % 2 === 0 || kept.length === filters).toBe(true);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(filters, layer === 'conv1' ? 5 : 2));
      }
    }
  });

  it('leaves layers without a ranking whole', async () => {
    const { analysis } = await analyse('vgg');
    const rankings = new Map([...randomRankings(analysis, 1)].filter(([layer]) => layer !== 'conv3'));
    const atMost = 0.7 * costBefore(analysis).macs;
    const plan = planForTarget(analysis, groupsByTaps(analysis, rankings), { kind: 'macs', atMost });
    expect(keptOf(plan, 'conv3')).toHaveLength(12);
    expect(plan.removedClasses.length).toBeGreaterThan(0);
  });

  it('is refused with the least that can be reached, which then can', async () => {
    const { analysis } = await analyse('residual');
    const rankings = randomRankings(analysis, 1);
    const groups = groupsByTaps(analysis, rankings);
    const plan = (atMost: number) => planForTarget(analysis, groups, { kind: 'macs', atMost }, { minFilters: 3 });
    let message = '';
    try {
      plan(1);
    } catch (error) {
      expect(error).toMatchObject({ code: 'PLAN_TARGET_UNREACHABLE' });
      message = (error as Error).message;
    }
    const reached = Number(/brought down to (\d+) of/.exec(message)![1]);
    expect(plan(reached).after.macs).toBe(reached);
    expect(() => plan(reached - 1)).toThrow(expect.objectContaining({ code: 'PLAN_TARGET_UNREACHABLE' }));
  });

  it.each([
    ['a layer that is not there', new Map([['conv99', { worth: [1], loss: [1, 0] }]]), 1000, 'PLAN_UNKNOWN_LAYER'],
    ['too few channels', new Map([['conv1', { worth: [1, 2], loss: [1, 0.5, 0] }]]), 1000, 'PLAN_BAD_RANKING'],
    [
      'a worth below 0',
      new Map([['conv1', { worth: [1, 1, 1, 1, 1, 1, 1, -1], loss: falling(ones) }]]),
      1000,
      'PLAN_BAD_RANKING',
    ],
    [
      'a loss that rises',
      new Map([['conv1', { worth: ones, loss: [1, 0, 0, 0, 0, 0.1, 0, 0, 0] }]]),
      1000,
      'PLAN_BAD_RANKING',
    ],
    ['no target', new Map(), Number.NaN, 'PLAN_BAD_LIMIT'],
  ])('is refused for %s', async (_, rankings: Rankings, atMost, code) => {
    const { analysis } = await analyse('vgg');
    expect(() => planForTarget(analysis, groupsByTaps(analysis, rankings), { kind: 'macs', atMost })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

/** Σ over groups of what they lose with so many classes. */
function lost(groups: readonly RankedGroup[], kept: readonly number[]): number {
  return groups.reduce((sum, { damage }, group) => sum + damage[kept[group]!]!, 0);
}

describe('widths by damage', () => {
  it('lose little more than the best there is', async () => {
    // Four groups: two streams, each tied over its residual sum, and what lies between.
    const { analysis } = await analyse('residual');
    for (let seed = 0; seed < 6; seed++) {
      const groups = drawnGroups(analysis, seed);
      const cost = new CostModel(
        costTerms(analysis, 'macs'),
        groups.map(({ classes }) => classes),
      );
      const whole = cost.total();
      const allowed = groups.map(({ classes }) => classes.map((_, i) => i + 1));
      const costOf = (kept: readonly number[]) => {
        kept.forEach((count, group) => cost.keep(group, count));
        return cost.total();
      };
      const all = [...everyWidth(allowed)].map((kept) => ({ cost: costOf(kept), lost: lost(groups, kept) }));
      for (const share of [0.3, 0.5, 0.7]) {
        const within = all.filter((known) => known.cost <= share * whole);
        const found = widthsByDamage({ cost, allowed, damage: groups.map(({ damage }) => damage) }, share * whole);
        expect(costOf(found)).toBeLessThanOrEqual(share * whole);
        expect(lost(groups, found)).toBeLessThanOrEqual(1.2 * Math.min(...within.map((known) => known.lost)));
      }
    }
  });

  it.each(['vgg', 'depthwise', 'concat', 'inception', 'unet', 'residual'])(
    'of %s lose no more than the same share everywhere, which is a candidate too',
    async (name) => {
      const { analysis } = await analyse(name);
      const macs = costBefore(analysis).macs;
      for (let seed = 0; seed < 4; seed++) {
        for (const share of [0.3, 0.5, 0.7]) {
          const target = { kind: 'macs', atMost: share * macs } as const;
          const candidates = plansForTarget(analysis, drawnGroups(analysis, seed), target);
          for (const { plan } of candidates) expect(plan.after.macs).toBeLessThanOrEqual(target.atMost);
          expect(candidates.map(({ widths }) => widths)).toEqual(['damage', 'even'].slice(0, candidates.length));
          // On layers of a few filters a step is coarse, and the greedy way may end beside the even one: then the even one is chosen.
          expect(chooseCandidate(candidates).damage).toBe(Math.min(...candidates.map(({ damage }) => damage)));
        }
      }
    },
  );

  it('leave no layer less than a quarter of its even share, unless next to nothing is lost by that, which the plan says', async () => {
    const { analysis } = await analyse(vggStyle({ widths: [32, 32, 'pool', 64, 64], size: 16, seed: 1 }));
    const groups = drawnGroups(analysis, 3).map(({ classes, damage }, group) => ({
      classes,
      // The second layer says next to nothing of the answers; that of the third counts little, but counts.
      damage: damage.map((value, k) => (group === 1 && k > 0 ? 1e-4 * value : group === 2 ? 1e-3 * value : value)),
    }));
    const target = { kind: 'macs', atMost: 0.05 * costBefore(analysis).macs } as const;
    const [{ plan }, even] = plansForTarget(analysis, groups, target);
    const widths = plan.layers.map(({ kept }) => kept.length);
    const alike = even!.plan.layers.map(({ kept }) => kept.length);
    expect(widths[1]!).toBeLessThan(alike[1]! / 4 + 1);
    expect(widths[2]!).toBeGreaterThanOrEqual(Math.min(alike[2]!, 4));
    plan.layers.forEach(({ even: share, damage, kept }) => {
      if (share === undefined) return;
      expect(kept.length).toBeLessThanOrEqual(share / 4);
      expect(damage).toBeLessThanOrEqual(1e-3);
    });
    expect(plan.layers.map(({ even: share }) => share !== undefined)).toEqual([false, true, false, false, false]);
  });

  it('go without classes that are forbidden, and use the room', async () => {
    const { analysis } = await analyse('vgg');
    const worth = Float64Array.from(analysis.classes, (_, id) => -id);
    const forbidden = new Set(analysis.layers[1]!.classes.slice(0, 5));
    const losses = lossesOfTaps(analysis, randomRankings(analysis, 2));
    const groups = groupsByWorth(analysis, worth, losses, forbidden);
    const atMost = 0.6 * costBefore(analysis).macs;
    const plan = planForTarget(analysis, groups, { kind: 'macs', atMost }, { forbidden });
    for (const id of forbidden) expect(plan.removedClasses).toContain(id);
    expect(plan.after.macs).toBeGreaterThan(0.9 * atMost);
  });
});

describe('the choice between candidates', () => {
  const candidates = [
    { widths: 'damage', damage: 0.2 },
    { widths: 'even', damage: 0.3 },
  ] as unknown as [Candidate, ...Candidate[]];

  it('goes by what the healed networks give, and by damage where that is not known', () => {
    expect(chooseCandidate(candidates).widths).toBe('damage');
    expect(chooseCandidate(candidates, [0.5, 0.4]).widths).toBe('even');
    expect(chooseCandidate(candidates, [0.4, 0.4]).widths).toBe('damage');
  });
});

/** Every choice of one of each. */
function* everyWidth(allowed: readonly (readonly number[])[], from = 0): Generator<number[]> {
  if (from === allowed.length) yield [];
  else for (const k of allowed[from]!) for (const rest of everyWidth(allowed, from + 1)) yield [k, ...rest];
}
