import { Layers, skeleton, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { planByCriterion } from '../plan/plan-by-criterion.ts';
import { rankByCriterion } from '../plan/rank-by-criterion.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { requireNormalisation } from './bn-scale.ts';
import { criteria } from './index.ts';

const floats = (model: Awaited<ReturnType<typeof analyse>>['model'], name: string) =>
  new Float32Array(new Uint8Array(model.graph!.initializer.find((tensor) => tensor.name === name)!.rawData).buffer);

describe('a ranking by a criterion', () => {
  it('by L1 is each tap channel’s sum of absolute weights, and loses the share of it that goes', async () => {
    const { model, analysis } = await analyse('vgg');
    const { worth, loss } = rankByCriterion('l1', { analysis, model, seed: 0 }).get('conv1')!;
    const values = floats(model, 'conv1.weight');
    const norms = Array.from({ length: 8 }, (_, o) =>
      values.slice(o * 27, (o + 1) * 27).reduce((sum, value) => sum + Math.abs(value), 0),
    );
    norms.forEach((norm, filter) => expect(worth[filter]).toBeCloseTo(norm, 5));
    const total = norms.reduce((a, b) => a + b);
    expect(loss[0]).toBe(1);
    expect(loss[1]).toBeCloseTo(1 - Math.max(...norms) / total, 6);
    expect(loss[8]).toBe(0);
  });

  it('by the scale of normalisation is |γ| of what follows the layer', async () => {
    const net = new Layers(1);
    const x = net.relu(net.conv(net.block(net.image(3, 8), 6), 4));
    net.heads(x, { logits: 2 });
    const made = await analyse(net.build());
    const rankings = rankByCriterion('bnScale', { ...made, seed: 0 });
    expect([...rankings.keys()]).toEqual(['conv1']);
    const gamma = floats(made.model, 'bn1.scale').map(Math.abs);
    expect(Array.from(rankings.get('conv1')!.worth, Math.fround)).toEqual([...gamma]);
    // What it says nothing of stays whole.
    expect(keptOf(planByCriterion('bnScale', made.analysis, 0.5, { model: made.model }), 'conv2')).toHaveLength(4);
  });

  it('by activation or Taylor is what was measured; taps without it are left out', async () => {
    const { analysis } = await analyse('residual');
    const measured = new Map([['conv2', [3, 1, 4, 1, 5, 9]]]);
    for (const name of ['activation', 'taylor']) {
      const rankings = rankByCriterion(name, { analysis, seed: 0, measured });
      expect([...rankings.keys()]).toEqual(['conv2']);
      expect(Array.from(rankings.get('conv2')!.worth)).toEqual([3, 1, 4, 1, 5, 9]);
      const plan = planByCriterion(name, analysis, 0.5, { measured });
      expect(keptOf(plan, 'conv2')).toEqual([2, 4, 5]);
      expect(keptOf(plan, 'conv1')).toHaveLength(8);
    }
  });

  it('gives a residual sum the scores of its classes, and a max-feature-map those of both filters', async () => {
    const { model, analysis } = await analyse('residual');
    const rankings = rankByCriterion('l2', { analysis, model, seed: 0 });
    expect([...rankings.keys()]).toEqual(analysis.taps.map((tap) => tap.layer));
    const [a, b, sum] = ['conv1', 'conv3', 'add1'].map((name) => Array.from(rankings.get(name)!.worth));
    const mean = (values: number[]) => values.reduce((x, y) => x + y) / values.length;
    const scaled = (values: number[]) => values.map((value) => value / mean(values));
    sum!.forEach((value, i) => expect(value).toBeCloseTo((scaled(a!)[i]! + scaled(b!)[i]!) / 2, 6));
    const mfm = await analyse('mfm');
    const worth = rankByCriterion('l1', { ...mfm, seed: 0 }).get('conv1')!.worth;
    const norms = Array.from({ length: 12 }, (_, o) =>
      floats(mfm.model, 'conv1.weight')
        .slice(o * 9, (o + 1) * 9)
        .reduce((total, value) => total + Math.abs(value), 0),
    );
    for (let k = 0; k < 6; k++) expect(worth[k]).toBeCloseTo((norms[k]! + norms[k + 6]!) / 2, 5);
  });

  it('at random is the same for the same seed, alike for taps of one class', async () => {
    const { analysis } = await analyse('residual');
    const rank = (seed: number) => rankByCriterion('random', { analysis, seed });
    expect(rank(1)).toEqual(rank(1));
    expect(rank(1)).not.toEqual(rank(2));
    expect(rank(1).get('conv1')!.worth).toEqual(rank(1).get('conv3')!.worth);
  });

  it('never rises with the channels kept', async () => {
    for (const name of ['vgg', 'residual', 'depthwise', 'grouped', 'mfm', 'squeezeExcite']) {
      const { model, analysis } = await analyse(name);
      const measured = new Map(
        analysis.taps.map(({ layer, channels }) => [layer, new Array<number>(channels).fill(0)]),
      );
      for (const criterion of ['l1', 'l2', 'random', 'activation', 'taylor']) {
        for (const { loss } of rankByCriterion(criterion, { analysis, model, seed: 1, measured }).values()) {
          expect([loss[0], loss[loss.length - 1]]).toEqual([1, 0]);
          expect(Array.from(loss)).toEqual(Array.from(loss).sort((a, b) => b - a));
        }
      }
    }
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
    expect(() => rankByCriterion(name, { analysis, seed: 0, ...given })).toThrow(expect.objectContaining(failure));
  });

  it('bnScale, of a network whose normalisation was folded, names the first layer', async () => {
    const made = await analyse('mfm');
    expect(() => rankByCriterion('bnScale', { ...made, seed: 0 })).toThrow(
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
