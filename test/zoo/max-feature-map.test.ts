import { knee } from '@kneepoint/regression';
import { type ChannelAnalysis, type Plan, planFromTaps, randomPlan } from '@kneepoint/pruning';
import { beforeAll, describe, expect, it } from 'vitest';
import { analysed } from '../../packages/pruning/src/testing/prove-plan.ts';
import { stripesCurves } from './curves.ts';
import { ZOO } from './networks/index.ts';

const CLASSIFIER = 'people';

describe.each(['LightCNN-9', 'LightCNN-29'])('%s', (name) => {
  const { make, size } = ZOO[name]!;
  let analysis: ChannelAnalysis;
  let keep: ReadonlyMap<string, readonly number[]>;
  beforeAll(async () => {
    const known = await analysed(make(1, size));
    const curves = await stripesCurves(known.model, known.analysis.taps);
    analysis = known.analysis;
    keep = new Map([...curves].map(([layer, curve]) => [layer, knee(curve, 0.01).kept]));
  });
  const halved = ({ layers }: Plan) => layers.filter((layer) => layer.name !== CLASSIFIER);

  it('keeps filters k and k + n of every max-feature-map together, as the paper does', () => {
    for (const plan of [randomPlan(analysis, 0.5, 1), planFromTaps(analysis, keep)]) {
      for (const { filters, kept } of halved(plan)) {
        const [low, high] = [kept.filter((k) => k < filters / 2), kept.filter((k) => k >= filters / 2)];
        expect(high).toEqual(low.map((k) => k + filters / 2));
        expect(low.length).toBeGreaterThan(0);
        expect(kept.length).toBeLessThan(filters);
      }
    }
  });

  it('keeps the very channels of the max that its curve chose, where no sum ties layers', () => {
    const layers = new Map(analysis.layers.map((layer) => [layer.name, layer]));
    const alone = halved(planFromTaps(analysis, keep)).filter((layer) =>
      layers.get(layer.name)!.classes.every((id) => analysis.classes[id]!.members.length === 1),
    );
    expect(alone.length).toBeGreaterThanOrEqual(9);
    for (const { name: layer, filters, kept } of alone) {
      const chosen = keep.get(layer)!;
      expect(kept).toEqual([...chosen, ...chosen.map((k) => k + filters / 2)]);
    }
  });
});
