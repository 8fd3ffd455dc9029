import { seededRandom, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analyzeChannels } from '../analysis/analysis.ts';
import { measureShapes } from '../testing/ort.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';
import { costAfter, costBefore } from './make-plan.ts';
import type { CostKind, Plan } from './plan.ts';
import { planForTarget } from './plan-for-target.ts';
import { rankByCriterion } from './rank-by-criterion.ts';
import type { Rankings } from './ranking.ts';
import { rankByScore } from './ranking.ts';

const analyse = async (name: string) => {
  const model = smallNets[name]!(1);
  return { model, analysis: analyzeChannels(model, await measureShapes(model)) };
};
const keptOf = (plan: Plan, name: string) => plan.layers.find((layer) => layer.name === name)!.kept;
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
