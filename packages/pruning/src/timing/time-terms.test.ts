import { dimsOf, seededRandom, smallNets, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { classGroups } from '../plan/class-groups.ts';
import { CostModel } from '../plan/cost-model.ts';
import { planForTarget } from '../plan/plan-for-target.ts';
import { positions } from '../plan/sizes.ts';
import { analyse, keptOf } from '../testing/analyse.ts';
import { drawnGroups } from '../testing/drawn-groups.ts';
import { measureShapes } from '../testing/ort.ts';
import { type LayerProbes, layerProbes } from './layer-probes.ts';
import { type LayerTimes, timeTerms } from './time-terms.ts';

/** A table in which a layer takes what a rule says of its lengths. */
function tableOf(layers: readonly LayerProbes[], rule: (lengths: readonly number[], layer: string) => number) {
  const raw = layers.map(({ layer, dimensions, ticks }) => {
    const points = ticks.reduce<number[][]>(
      (all, own) => all.flatMap((head) => own.map((tick) => [...head, tick])),
      [[]],
    );
    return { layer, dimensions, ticks, times: points.map((lengths) => rule(lengths, layer)) };
  });
  const whole = raw.reduce((sum, { times }) => sum + times.at(-1)!, 0);
  return raw.map((layer): LayerTimes => ({ ...layer, times: layer.times.map((time) => time / whole) }));
}

/** The same layers at every width. */
const everywhere = (layers: readonly LayerProbes[]) =>
  layers.map((layer) => ({
    ...layer,
    ticks: layer.dimensions.map((dimension) => Array.from({ length: positions(dimension) }, (_, i) => i + 1)),
  }));

const wide = () => vggStyle({ widths: [32, 48, 32], size: 16, seed: 1 });

const product = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);

describe.each(Object.keys(smallNets))('the layers of %s', (name) => {
  it('can be timed alone at every width', async () => {
    const { analysis } = await analyse(name);
    const layers = layerProbes(analysis, 2);
    const distinct = new Map(layers.flatMap(({ probes }) => probes.map((probe) => [probe.key, probe])));
    expect(layers.length).toBeGreaterThan(0);
    for (const { ticks, probes } of layers) expect(probes).toHaveLength(product(ticks.map((own) => own.length)));
    for (const { model } of distinct.values()) {
      const made = model();
      const [output] = made.graph!.output;
      const shapes = await measureShapes(made);
      expect(shapes.get(output!.name)).toEqual(dimsOf(output!));
    }
  });

  it('take the time of the whole network when nothing goes, and less without some classes', async () => {
    const { analysis } = await analyse(name);
    const table = tableOf(layerProbes(analysis), product);
    const groups = classGroups(analysis);
    for (const scale of [0.5, 1, 2]) {
      const own = table.map((layer) => ({ ...layer, times: layer.times.map((time) => scale * time) }));
      const cost = new CostModel(timeTerms(analysis, own, 8), groups);
      expect(cost.total()).toBeCloseTo(8, 6);
      groups.forEach((ids, group) => cost.keep(group, Math.ceil(ids.length / 2)));
      if (groups.length > 0) expect(cost.total()).toBeLessThan(8);
      expect(cost.total()).toBeGreaterThan(0);
    }
  });
});

describe('a table of layers', () => {
  it('is exact where it was timed, and on straight lines between', async () => {
    const { analysis } = await analyse('vgg');
    const layers = layerProbes(analysis);
    // Bilinear, so that lines between four widths of each axis are exact at all of them.
    const rule = (lengths: readonly number[]) => 3 + product(lengths.map((length) => 2 + length));
    const groups = classGroups(analysis);
    const few = new CostModel(timeTerms(analysis, tableOf(layers, rule), 1), groups);
    const all = new CostModel(timeTerms(analysis, tableOf(everywhere(layers), rule), 1), groups);
    const random = seededRandom(3);
    for (let trial = 0; trial < 20; trial++) {
      groups.forEach((ids, group) => {
        const count = 1 + Math.floor(random.uniform() * ids.length);
        const [mine, other] = [few, all].map((cost) => cost.costs(group, [count, ids.length]));
        mine!.forEach((value, i) => expect(value).toBeCloseTo(other![i]!, 9));
        few.keep(group, count);
        all.keep(group, count);
      });
      expect(few.total()).toBeCloseTo(all.total(), 9);
    }
  });

  it('has widths planned that run without a penalty', async () => {
    const { analysis } = await analyse(wide());
    const step = (length: number) => 4 * Math.ceil(length / 4) * (length % 4 === 0 ? 1 : 1.5);
    const table = tableOf(everywhere(layerProbes(analysis)), (lengths) => product(lengths.map(step)));
    for (const atMost of [0.7, 0.5, 0.3]) {
      const target = { kind: 'time', atMost, terms: timeTerms(analysis, table, 1) } as const;
      const plan = planForTarget(analysis, drawnGroups(analysis, 4), target);
      const cut = plan.layers.filter(({ kept, filters, reason }) => !reason && kept.length < filters);
      expect(cut.length).toBeGreaterThan(0);
      for (const { kept, filters, name } of cut) expect([name, kept.length % Math.min(4, filters)]).toEqual([name, 0]);
    }
  });

  it('cuts a layer further that takes long with few multiplications', async () => {
    const { analysis } = await analyse(wide());
    const slow = 'conv2';
    const table = tableOf(layerProbes(analysis), (lengths, layer) => (layer === slow ? 40 : 1) * product(lengths));
    const groups = drawnGroups(analysis, 2);
    const byTime = planForTarget(analysis, groups, {
      ...{ kind: 'time', atMost: 0.5, terms: timeTerms(analysis, table, 1) },
    });
    const byMacs = planForTarget(analysis, groups, { kind: 'macs', atMost: byTime.after.macs });
    expect(keptOf(byTime, slow).length).toBeLessThan(keptOf(byMacs, slow).length);
  });

  it('says what the fastest takes where none is so fast', async () => {
    const { analysis } = await analyse('vgg');
    const terms = timeTerms(analysis, tableOf(layerProbes(analysis), product), 1);
    const plan = () => planForTarget(analysis, drawnGroups(analysis, 2), { kind: 'time', atMost: 1e-9, terms });
    expect(plan).toThrow(expect.objectContaining({ code: 'PLAN_TARGET_UNREACHABLE' }));
  });
});
