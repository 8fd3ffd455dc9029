import { Layers } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyse, keptOf } from '../testing/analyse.ts';
import type { Plan } from './plan.ts';
import { planFromTaps } from './plan-from-taps.ts';

const roundedOf = (plan: Plan, name: string) => plan.layers.find((layer) => layer.name === name)!.rounded;
const first = (count: number) => Array.from({ length: count }, (_, i) => i);
/** Loss that is `loss[k]` for k channels kept, and 0 from there on. */
const losing = (channels: number, loss: number[]) => ({
  worth: Float64Array.from({ length: channels }, (_, i) => channels - i),
  loss: Float64Array.from({ length: channels + 1 }, (_, k) => loss[k] ?? 0),
});

describe('a multiple of filters', () => {
  it('is reached upwards where fewer would lose more than ε', async () => {
    const { analysis } = await analyse('vgg');
    const rankings = new Map([['conv1', losing(8, [1, 0.5, 0.3, 0.2, 0.11, 0.1, 0.05, 0.02])]]);
    const plan = planFromTaps(analysis, new Map([['conv1', first(5)]]), { rankings, epsilon: 0.1, roundTo: 4 });
    expect(keptOf(plan, 'conv1')).toEqual(first(8));
    expect(roundedOf(plan, 'conv1')).toEqual({ from: 5, to: 8 });
    expect(roundedOf(plan, 'conv2')).toBeUndefined();
  });

  it('is reached downwards where that stays within ε, the least worthy going', async () => {
    const { analysis } = await analyse('vgg');
    const rankings = new Map([['conv1', losing(8, [1, 0.5, 0.3, 0.2, 0.1, 0.08, 0.05, 0.02])]]);
    const keep = new Map([['conv1', [0, 1, 3, 5, 7]]]);
    const plan = planFromTaps(analysis, keep, { rankings, epsilon: 0.1, roundTo: 4 });
    expect(keptOf(plan, 'conv1')).toEqual([0, 1, 3, 5]);
    expect(roundedOf(plan, 'conv1')).toEqual({ from: 5, to: 4 });
    const strict = { rankings, epsilon: 0.1, layerEpsilon: { conv1: 0.09 }, roundTo: 4 };
    expect(keptOf(planFromTaps(analysis, keep, strict), 'conv1')).toHaveLength(8);
  });

  it('is reached upwards when nothing says what fewer would lose', async () => {
    const { analysis } = await analyse('vgg');
    const plan = planFromTaps(analysis, new Map([['conv1', first(5)]]), { roundTo: 4 });
    expect(keptOf(plan, 'conv1')).toHaveLength(8);
  });

  it('does not go below the least number of filters', async () => {
    const { analysis } = await analyse('vgg');
    const rankings = new Map([['conv1', losing(8, [1, 0, 0])]]);
    const options = { rankings, epsilon: 0.1, roundTo: 4, minFilters: 5 };
    expect(keptOf(planFromTaps(analysis, new Map([['conv1', first(5)]]), options), 'conv1')).toHaveLength(8);
  });

  it('is no more than the width, which stays allowed when it is no multiple', async () => {
    const { analysis } = await analyse('residual');
    const plan = planFromTaps(analysis, new Map([['conv2', first(5)]]), { roundTo: 4 });
    expect(keptOf(plan, 'conv2')).toHaveLength(6);
    expect(roundedOf(plan, 'conv2')).toEqual({ from: 5, to: 6 });
  });

  it('holds for all layers that a depthwise convolution or a residual sum ties', async () => {
    for (const name of ['depthwise', 'residual', 'grouped']) {
      const { analysis } = await analyse(name);
      const random = analysis.taps.map(({ layer, channels }) => [layer, first(Math.ceil(channels / 3))] as const);
      for (const epsilon of [0, 1]) {
        const rankings = new Map(analysis.taps.map(({ layer, channels }) => [layer, losing(channels, [1, 0.5])]));
        const plan = planFromTaps(analysis, new Map(random), { rankings, epsilon, roundTo: 2 });
        for (const layer of plan.layers) expect(layer.kept.length % 2 === 0 || layer.reason !== undefined).toBe(true);
        for (const { members } of analysis.classes) {
          const fates = members.map((member) => member.filters.map((f) => keptOf(plan, member.layer).includes(f)));
          expect(new Set(fates.flat()).size).toBe(1);
        }
      }
    }
  });
});

describe('least numbers of filters', () => {
  it('hold for single layers where they differ', async () => {
    const { analysis } = await analyse('vgg');
    const keep = new Map(analysis.taps.map(({ layer }) => [layer, [0]] as const));
    const plan = planFromTaps(analysis, keep, { minFilters: 2, layerMinFilters: { conv2: 5, conv3: 1, conv4: 99 } });
    expect(plan.layers.map(({ kept }) => kept.length)).toEqual([2, 5, 1, 12, 2, 10]);
  });

  it('count channels where a tap is no layer', async () => {
    const { analysis } = await analyse('residual');
    const plan = planFromTaps(analysis, new Map([['add1', [3]]]), { layerMinFilters: { add1: 4 } });
    expect(keptOf(plan, 'conv1')).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [
      { layerMinFilters: { conv9: 2 } },
      'PLAN_UNKNOWN_LAYER',
      'a limit names layer conv9, which this network does not have',
    ],
    [{ layerMinFilters: { conv1: 0 } }, 'PLAN_BAD_LIMIT', 'layerMinFilters.conv1 is 0'],
    [{ roundTo: 1.5 }, 'PLAN_BAD_LIMIT', 'roundTo is 1.5'],
  ])('refuse %o', async (limits, code, message) => {
    const { analysis } = await analyse('vgg');
    const plan = () => planFromTaps(analysis, new Map([['conv1', [0]]]), limits);
    expect(plan).toThrow(expect.objectContaining({ code, message }));
  });
});

it('a hidden dense layer is cut by what its own tap chose', async () => {
  const net = new Layers(1);
  const pooled = net.flatten(net.globalPool(net.block(net.image(3, 8), 6)));
  net.output(net.linear(net.relu(net.linear(pooled, 10)), 4));
  const { analysis } = await analyse(net.build());
  const plan = planFromTaps(analysis, new Map([['fc1', [2, 3, 7]]]));
  expect(keptOf(plan, 'fc1')).toEqual([2, 3, 7]);
});
