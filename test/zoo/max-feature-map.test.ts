import { knee } from '@kneepoint/regression';
import { planFromTaps, randomPlan } from '@kneepoint/pruning';
import { describe, expect, it } from 'vitest';
import { analysed } from '../../packages/pruning/src/testing/prove-plan.ts';
import { stripesCurves } from './curves.ts';
import { ZOO } from './networks/index.ts';

const CLASSIFIER = 'people';

describe.each(['LightCNN-9', 'LightCNN-29'])('%s', (name) => {
  const { make, size } = ZOO[name]!;

  it('keeps filters k and k + n of every max-feature-map together, as the paper does', async () => {
    const { model, analysis } = await analysed(make(1, size));
    const curves = await stripesCurves(model, analysis.taps);
    const keep = new Map([...curves].map(([layer, curve]) => [layer, knee(curve, 0.01).kept]));
    for (const plan of [randomPlan(analysis, 0.5, 1), planFromTaps(analysis, keep)]) {
      for (const { name: layer, filters, kept } of plan.layers) {
        if (layer === CLASSIFIER) continue;
        const [low, high] = [kept.filter((k) => k < filters / 2), kept.filter((k) => k >= filters / 2)];
        expect(high).toEqual(low.map((k) => k + filters / 2));
        expect(low.length).toBeGreaterThan(0);
        expect(kept.length).toBeLessThan(filters);
      }
    }
  });

  it('keeps the very channels of the max that its curve chose, where no sum ties layers', async () => {
    const { model, analysis } = await analysed(make(1, size));
    const curves = await stripesCurves(model, analysis.taps);
    const keep = new Map([...curves].map(([layer, curve]) => [layer, knee(curve, 0.01).kept]));
    const plan = planFromTaps(analysis, keep);
    const alone = plan.layers.filter(({ name: layer }) => {
      const ids = analysis.layers.find((other) => other.name === layer)!.classes;
      return ids.every((id) => analysis.classes[id]!.members.length === 1) && layer !== CLASSIFIER;
    });
    expect(alone.length).toBeGreaterThanOrEqual(9);
    for (const { name: layer, filters, kept } of alone) {
      const chosen = keep.get(layer)!;
      expect(kept).toEqual([...chosen, ...chosen.map((k) => k + filters / 2)]);
    }
  });
});
