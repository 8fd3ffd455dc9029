import { smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { measureShapes } from '../testing/ort.ts';
import { expectCostAsPlanned, expectProved, provePlan } from '../testing/prove-plan.ts';
import { l1Plan, planByCriterion, randomPlan } from './plan-by-criterion.ts';
import { planFromTaps } from './plan-from-taps.ts';

const analyse = async (name: string) => {
  const model = smallNets[name]!(1);
  return { model, analysis: analyzeChannels(model, await measureShapes(model)) };
};
const keptOf = (plan: { layers: readonly { name: string; kept: readonly number[] }[] }, name: string) =>
  plan.layers.find((layer) => layer.name === name)!.kept;

describe('a plan from taps', () => {
  it('keeps exactly what a layer chose', async () => {
    const { analysis } = await analyse('vgg');
    const plan = planFromTaps(analysis, new Map([['conv2', [1, 5, 6]]]));
    expect(keptOf(plan, 'conv2')).toEqual([1, 5, 6]);
    expect(keptOf(plan, 'conv1')).toHaveLength(8);
  });

  it('keeps a class when any of its taps chose it', async () => {
    const { analysis } = await analyse('residual');
    const plan = planFromTaps(
      analysis,
      new Map([
        ['conv1', [0, 1]],
        ['conv3', [1, 2]],
      ]),
    );
    expect(keptOf(plan, 'conv1')).toEqual([0, 1, 2]);
    expect(keptOf(plan, 'conv3')).toEqual([0, 1, 2]);
  });

  it('keeps k and k + n of a max-feature-map, and input k of the next layer (paper §7.3)', async () => {
    const { model, analysis } = await analyse('mfm');
    const chosen = [0, 2, 5];
    const make = () => planFromTaps(analysis, new Map([[analysis.taps[0]!.layer, chosen]]));
    const { plan, pruned, proof, ...rest } = await provePlan(model, make);
    expect(keptOf(plan, analysis.taps[0]!.layer)).toEqual([0, 2, 5, 6, 8, 11]);
    expect(pruned.graph!.initializer.find((tensor) => tensor.name === 'conv2.weight')!.dims[1]).toBe(3n);
    expectProved(proof);
    await expectCostAsPlanned(model, { plan, pruned, proof, ...rest });
  });

  it('gives back what limits ask for, most worthy first', async () => {
    const { analysis } = await analyse('vgg');
    const scores = new Map([['conv1', [0, 1, 2, 3, 9, 5, 6, 7]]]);
    const keep = new Map([['conv1', []]]);
    expect(keptOf(planFromTaps(analysis, keep, { scores }), 'conv1')).toEqual([4]);
    expect(keptOf(planFromTaps(analysis, keep, { scores, minFilters: 3 }), 'conv1')).toEqual([4, 6, 7]);
    const three = new Map([['conv1', [0, 1, 2]]]);
    expect(keptOf(planFromTaps(analysis, three, { scores, roundTo: 4 }), 'conv1')).toEqual([0, 1, 2, 4]);
    expect(keptOf(planFromTaps(analysis, three, { roundTo: 16 }), 'conv1')).toHaveLength(8);
  });

  it.each([
    [new Map([['conv99', [0]]]), {}, 'PLAN_UNKNOWN_LAYER', 'the network has no tap on a layer named conv99'],
    [new Map([['conv1', [8]]]), {}, 'PLAN_BAD_FILTER', 'channel 8 was chosen of 8'],
    [new Map([['conv1', [0]]]), { minFilters: 0 }, 'PLAN_BAD_LIMIT', 'minFilters is 0'],
    [new Map([['conv1', [0]]]), { roundTo: Number.NaN }, 'PLAN_BAD_LIMIT', 'roundTo is NaN'],
  ])('refuses %o with %o: %s', async (keep, limits, code, message) => {
    const { analysis } = await analyse('vgg');
    expect(() => planFromTaps(analysis, keep, limits)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('a plan by a criterion', () => {
  it('is the same for the same seed, and another for another', async () => {
    const { analysis } = await analyse('vgg');
    expect(randomPlan(analysis, 0.5, 4)).toEqual(randomPlan(analysis, 0.5, 4));
    expect(randomPlan(analysis, 0.5, 4).removedClasses).not.toEqual(randomPlan(analysis, 0.5, 5).removedClasses);
  });

  it('removes the ratio from every layer', async () => {
    const { analysis } = await analyse('vgg');
    const { layers } = randomPlan(analysis, 0.25, 1);
    expect(layers.map((layer) => layer.kept.length)).toEqual([6, 6, 9, 9, 12, 10]);
  });

  it('by L1 removes the filters whose absolute weights sum to least', async () => {
    const { model, analysis } = await analyse('vgg');
    const weight = model.graph!.initializer.find((tensor) => tensor.name === 'conv1.weight')!;
    const values = new Float32Array(new Uint8Array(weight.rawData).buffer);
    const norms = Array.from({ length: 8 }, (_, o) =>
      values.slice(o * 27, (o + 1) * 27).reduce((sum, v) => sum + Math.abs(v), 0),
    );
    const largest = [...norms.keys()].sort((a, b) => norms[b]! - norms[a]!).slice(0, 4);
    expect(keptOf(l1Plan(model, analysis, 0.5), 'conv1')).toEqual(largest.sort((a, b) => a - b));
  });

  it.each(['l1', 'l2', 'random'])('%s prunes every wiring', async (name) => {
    for (const make of Object.values(smallNets)) {
      const model = make(1);
      const analysis = analyzeChannels(model, await measureShapes(model));
      const plan = planByCriterion(name, analysis, 0.5, { model });
      expect(plan.after.macs).toBeLessThan(plan.before.macs);
      expect(JSON.stringify(plan)).not.toMatch(/null|NaN|Infinity/);
    }
  });

  it.each([
    ['entropy', 0.5, 'PLAN_UNKNOWN_CRITERION', 'there is no criterion named entropy'],
    ['random', 1, 'PLAN_BAD_RATIO', 'the ratio is 1'],
    ['random', Number.NaN, 'PLAN_BAD_RATIO', 'the ratio is NaN'],
    ['l1', 0.5, 'PLAN_NEEDS_WEIGHTS', 'this criterion reads weights and no model was given'],
  ])('refuses %s at %d: %s', async (name, ratio, code, message) => {
    const { analysis } = await analyse('vgg');
    expect(() => planByCriterion(name, analysis, ratio)).toThrow(expect.objectContaining({ code, message }));
  });
});

it('a plan survives JSON', async () => {
  const { analysis } = await analyse('residual');
  const plan = randomPlan(analysis, 0.5, 1);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});
