import { seededRandom, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';
import { costAfter, costBefore } from './make-plan.ts';
import type { CostKind, Plan } from './plan.ts';
import { planFromTaps } from './plan-from-taps.ts';
import { planForTarget } from './plan-for-target.ts';
import { rankByCriterion } from './rank-by-criterion.ts';
import type { Rankings } from './ranking.ts';
import { rankByScore } from './ranking.ts';

const kinds: readonly CostKind[] = ['macs', 'parameters', 'bytes'];

/** Random worth, and a loss that falls in random steps, flat stretches included. */
function randomRankings(analysis: ChannelAnalysis, seed: number): Rankings {
  const random = seededRandom(seed);
  return new Map(
    analysis.taps.map(({ layer, channels }) => {
      const drops = Array.from({ length: channels }, () => Math.max(0, random.uniform() - 0.4));
      const { loss } = rankByScore(drops.sort((a, b) => b - a));
      return [layer, { worth: Float64Array.from({ length: channels }, () => random.uniform()), loss }];
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
        plan = planForTarget(analysis, rankings, { kind, atMost });
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
    const rankings = rankByCriterion('l1', { analysis, model, seed: 0 });
    const atMost = 0.5 * costBefore(analysis).macs;
    const { plan, proof } = await provePlan(model, () => planForTarget(analysis, rankings, { kind: 'macs', atMost }));
    expectProved(proof);
    const { worth } = rankings.get('conv2')!;
    const kept = keptOf(plan, 'conv2');
    const best = [...Array.from(worth).keys()].sort((a, b) => worth[b]! - worth[a]!).slice(0, kept.length);
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
    const plan = planForTarget(analysis, rankings, { kind: 'macs', atMost: known.after.macs });
    expect(plan).toEqual(known);
  });

  it('is the same whatever the order of its rankings', async () => {
    const { analysis } = await analyse('depthwise');
    const rankings = randomRankings(analysis, 4);
    const target = { kind: 'parameters', atMost: 0.5 * costBefore(analysis).parameters } as const;
    expect(planForTarget(analysis, new Map([...rankings].reverse()), target)).toEqual(
      planForTarget(analysis, rankings, target),
    );
  });

  it('holds to limits', async () => {
    for (const name of ['vgg', 'residual', 'depthwise', 'inception']) {
      const { analysis } = await analyse(name);
      const limits = { minFilters: 2, layerMinFilters: { conv1: 5 }, roundTo: 2 };
      const atMost = 0.6 * costBefore(analysis).macs;
      const plan = planForTarget(analysis, randomRankings(analysis, 2), { kind: 'macs', atMost }, limits);
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
    const plan = planForTarget(analysis, rankings, { kind: 'macs', atMost });
    expect(keptOf(plan, 'conv3')).toHaveLength(12);
    expect(plan.removedClasses.length).toBeGreaterThan(0);
  });

  it('is refused with the least that can be reached, which then can', async () => {
    const { analysis } = await analyse('residual');
    const rankings = randomRankings(analysis, 1);
    const plan = (atMost: number) => planForTarget(analysis, rankings, { kind: 'macs', atMost }, { minFilters: 3 });
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
    ['a layer that is not there', new Map([['conv99', rankByScore([1])]]), 1000, 'PLAN_UNKNOWN_LAYER'],
    ['too few channels', new Map([['conv1', rankByScore([1, 2])]]), 1000, 'PLAN_BAD_RANKING'],
    [
      'a worth below 0',
      new Map([['conv1', { ...rankByScore(new Array<number>(8).fill(1)), worth: [1, 1, 1, 1, 1, 1, 1, -1] }]]),
      1000,
      'PLAN_BAD_RANKING',
    ],
    [
      'a loss that rises',
      new Map([['conv1', { ...rankByScore(new Array<number>(8).fill(1)), loss: [1, 0, 0, 0, 0, 0.1, 0, 0, 0] }]]),
      1000,
      'PLAN_BAD_RANKING',
    ],
    ['no target', new Map(), Number.NaN, 'PLAN_BAD_LIMIT'],
  ])('is refused for %s', async (_, rankings: Rankings, atMost, code) => {
    const { analysis } = await analyse('vgg');
    expect(() => planForTarget(analysis, rankings, { kind: 'macs', atMost })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
