import { seededRandom } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analyse } from '../testing/analyse.ts';
import { allocate } from './allocate.ts';
import type { Groups } from './allocation.ts';
import { classGroups } from './class-groups.ts';
import { CostModel } from './cost-model.ts';
import { costTerms } from './cost-terms.ts';
import { LossModel } from './loss-model.ts';
import { rankByScore } from './ranking.ts';

/** The network with losses that fall fast, then slowly, as curves do; each layer at its own pace. */
function network(analysis: ChannelAnalysis, seed: number): Groups {
  const random = seededRandom(seed);
  const groups = classGroups(analysis);
  const ranked = analysis.taps.map((tap) => {
    const pace = 0.5 + 8 * random.uniform();
    const drops = Array.from(
      { length: tap.channels },
      (_, i) => Math.exp((-pace * i) / tap.channels) * random.uniform(),
    );
    return { tap, ranking: rankByScore(drops.sort((a, b) => b - a)) };
  });
  return {
    cost: new CostModel(costTerms(analysis, 'macs'), groups),
    loss: new LossModel(ranked, groups, 'union'),
    allowed: groups.map((ids) => Array.from({ length: ids.length }, (_, i) => i + 1)),
  };
}

function figures({ cost, loss, allowed }: Groups, kept: readonly number[]): { cost: number; loss: number } {
  kept.forEach((k, group) => {
    cost.keep(group, k);
    loss.keep(group, k);
  });
  return { cost: cost.total(), loss: allowed.reduce((sum, _, group) => sum + loss.of(group, [kept[group]!])[0]!, 0) };
}

/** Every allocation there is. */
function* all(allowed: readonly (readonly number[])[], from = 0): Generator<number[]> {
  if (from === allowed.length) yield [];
  else for (const k of allowed[from]!) for (const rest of all(allowed, from + 1)) yield [k, ...rest];
}

describe('an allocation', () => {
  it('loses little more than the best there is', async () => {
    // Four groups: two streams, each tied over its residual sum, and what lies between.
    const { analysis } = await analyse('residual');
    for (let seed = 0; seed < 6; seed++) {
      const net = network(analysis, seed);
      const whole = figures(
        net,
        net.allowed.map((counts) => counts.at(-1)!),
      ).cost;
      const known = [...all(net.allowed)].map((kept) => figures(net, kept));
      for (const share of [0.3, 0.5, 0.7]) {
        const within = known.filter(({ cost }) => cost <= share * whole);
        const best = Math.min(...within.map(({ loss }) => loss));
        const found = figures(net, allocate(net, share * whole));
        expect(found.cost).toBeLessThanOrEqual(share * whole);
        expect(found.loss).toBeLessThanOrEqual(1.1 * best + 1e-9);
      }
    }
  });

  it.each(['vgg', 'depthwise', 'concat', 'inception', 'unet'])(
    'of %s loses less than taking the same share everywhere',
    async (name) => {
      const { analysis } = await analyse(name);
      for (let seed = 0; seed < 4; seed++) {
        const net = network(analysis, seed);
        for (const share of [0.3, 0.5, 0.7]) {
          const even = figures(
            net,
            net.allowed.map((counts) => Math.max(1, Math.round(share * counts.length))),
          );
          const found = figures(net, allocate(net, even.cost));
          expect(found.cost).toBeLessThanOrEqual(even.cost);
          expect(found.loss).toBeLessThanOrEqual(even.loss + 1e-9);
        }
      }
    },
  );
});
