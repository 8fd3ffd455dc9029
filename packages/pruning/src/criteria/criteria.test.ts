import { Layers, skeleton, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { planByCriterion } from '../plan/plan-by-criterion.ts';
import { worthByCriterion } from '../plan/worth-by-criterion.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { requireNormalisation } from './bn-scale.ts';
import { criteria } from './index.ts';

const floats = (model: Awaited<ReturnType<typeof analyse>>['model'], name: string) =>
  new Float32Array(new Uint8Array(model.graph!.initializer.find((tensor) => tensor.name === name)!.rawData).buffer);

/** What the classes of a layer are worth, in proportion to their mean. */
function worthOf(worth: Float64Array, { layers }: ChannelAnalysis, layer: string): number[] {
  return layers.find(({ name }) => name === layer)!.classes.map((id) => worth[id]!);
}

const overMean = (values: readonly number[]) =>
  values.map((value) => (value * values.length) / values.reduce((a, b) => a + b));

describe('the worth by a criterion', () => {
  it('by L1 is each filter’s sum of absolute weights, in proportion to the layer’s mean', async () => {
    const { model, analysis } = await analyse('vgg');
    const worth = worthOf(worthByCriterion('l1', { analysis, model, seed: 0 }), analysis, 'conv1');
    const values = floats(model, 'conv1.weight');
    const norms = Array.from({ length: 8 }, (_, o) =>
      values.slice(o * 27, (o + 1) * 27).reduce((sum, value) => sum + Math.abs(value), 0),
    );
    overMean(norms).forEach((norm, filter) => expect(worth[filter]).toBeCloseTo(norm, 5));
  });

  it('by the scale of normalisation is |γ| of what follows the layer', async () => {
    const net = new Layers(1);
    const x = net.relu(net.conv(net.block(net.image(3, 8), 6), 4));
    net.heads(x, { logits: 2 });
    const made = await analyse(net.build());
    const worth = worthByCriterion('bnScale', { ...made, seed: 0 });
    const gamma = overMean([...floats(made.model, 'bn1.scale')].map(Math.abs));
    worthOf(worth, made.analysis, 'conv1').forEach((own, i) => expect(own).toBeCloseTo(gamma[i]!, 6));
    // What it says nothing of stays whole.
    expect(worthOf(worth, made.analysis, 'conv2').every(Number.isNaN)).toBe(true);
    expect(keptOf(planByCriterion('bnScale', made.analysis, 0.5, { model: made.model }), 'conv2')).toHaveLength(4);
  });

  it('by activation or Taylor is what was measured; of taps without it nothing is said', async () => {
    const { analysis } = await analyse('residual');
    const measured = new Map([['conv2', [3, 1, 4, 1, 5, 9]]]);
    for (const name of ['activation', 'taylor']) {
      const worth = worthByCriterion(name, { analysis, seed: 0, measured });
      overMean([3, 1, 4, 1, 5, 9]).forEach((own, i) =>
        expect(worthOf(worth, analysis, 'conv2')[i]).toBeCloseTo(own, 9),
      );
      expect(worthOf(worth, analysis, 'conv1').every(Number.isNaN)).toBe(true);
      const plan = planByCriterion(name, analysis, 0.5, { measured });
      expect(keptOf(plan, 'conv2')).toEqual([2, 4, 5]);
      expect(keptOf(plan, 'conv1')).toHaveLength(8);
    }
  });

  it('of a class is the mean over its layers, as of a residual stream, and over the filters of a max-feature-map', async () => {
    const { model, analysis } = await analyse('residual');
    const worth = worthByCriterion('l2', { analysis, model, seed: 0 });
    const norm = (name: string, size: number, o: number) =>
      Math.hypot(...floats(model, `${name}.weight`).slice(o * size, (o + 1) * size));
    const [stem, joined] = [27, 54].map((size, i) =>
      overMean(Array.from({ length: 8 }, (_, o) => norm(i === 0 ? 'conv1' : 'conv3', size, o))),
    );
    worthOf(worth, analysis, 'conv1').forEach((own, i) => {
      expect(own).toBeCloseTo((stem![i]! + joined![i]!) / 2, 5);
    });
    const mfm = await analyse('mfm');
    const own = worthOf(worthByCriterion('l1', { ...mfm, seed: 0 }), mfm.analysis, 'conv1');
    for (let k = 0; k < 6; k++) expect(own[k]).toBe(own[k + 6]);
  });

  it('at random is the same for the same seed', async () => {
    const { analysis } = await analyse('residual');
    const worth = (seed: number) => worthByCriterion('random', { analysis, seed });
    expect(worth(1)).toEqual(worth(1));
    expect(worth(1)).not.toEqual(worth(2));
  });
});

describe('a criterion that lacks something says what', () => {
  it.each([
    ['l1', {}, 'PLAN_NEEDS_WEIGHTS', undefined],
    ['activation', {}, 'PLAN_NEEDS_MEASUREMENTS', undefined],
    ['taylor', { measured: new Map([['conv1', [1, 2]]]) }, 'PLAN_BAD_RANKING', 'conv1'],
    ['activation', { measured: new Map([['conv1', [0, 0, 0, NaN, 0, 0]]]) }, 'PLAN_BAD_RANKING', 'conv1'],
    ['entropy', {}, 'PLAN_UNKNOWN_CRITERION', 'entropy'],
  ])('%s, given %o', async (name, given, code, where) => {
    const { analysis } = await analyse('vggFlat');
    const failure = { code, ...(where ? { where } : {}) };
    expect(() => worthByCriterion(name, { analysis, seed: 0, ...given })).toThrow(expect.objectContaining(failure));
  });

  it('bnScale, of a network whose normalisation was folded, names the first layer', async () => {
    const made = await analyse('mfm');
    expect(() => worthByCriterion('bnScale', { ...made, seed: 0 })).toThrow(
      expect.objectContaining({ code: 'PLAN_NEEDS_NORMALISATION', where: 'conv1 (Conv)' }),
    );
  });

  it.each([true, false])('whether it could rank anything is known from the skeleton: %s', (batchNorm) => {
    const check = () =>
      requireNormalisation(skeleton(vggStyle({ widths: [2], size: 4, seed: 1, batchNorm })), 'compare');
    if (batchNorm) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'PLAN_NEEDS_NORMALISATION', where: 'compare' }));
  });

  it('all are told apart by name', () => {
    expect(Object.keys(criteria)).toEqual(['random', 'l1', 'l2', 'bnScale', 'activation', 'taylor']);
  });
});
