import { costs, Graph, Layers, skeleton } from '@kneepoint/onnx';
import { analyzeChannels, type DamageStatistics, findTaps, prune, prunedShapes, readingsOf } from '@kneepoint/pruning';
import { type CharacteristicCurve, knee } from '@kneepoint/regression';
import { describe, expect, it } from 'vitest';
import {
  type CompressionRequest,
  type CutRequest,
  planCompression,
  planCut,
  type PlannedCut,
  truncateAt,
  wholeFigures,
  withCandidate,
} from './compression.ts';
import type { PruneOptions } from './plan/prune-options.ts';
import type { TaskCurves } from './plan/task-knees.ts';
import { CARRIERS, layersOf, syntheticCurve, TINY_WIDTHS, tinyNet } from './testing/index.ts';

const { model, shapes } = tinyNet();
const layers = layersOf(model);
const [first, second, third] = layers as [string, string, string];
const curves = new Map(layers.map((layer, index) => [layer, syntheticCurve(TINY_WIDTHS[index]!, index + 1)]));
const yaw = (own: ReadonlyMap<string, CharacteristicCurve>): TaskCurves => ({ task: 'yaw', curves: own });
const head = (channels: number) => ({
  name: 'head',
  outputName: 'yaw',
  weights: new Float64Array(channels),
  bias: new Float64Array(1),
});

function request(overrides: Partial<CompressionRequest> = {}): CompressionRequest {
  return {
    model,
    shapes,
    tasks: [yaw(curves)],
    layer: third,
    head: head(TINY_WIDTHS[2]),
    options: { epsilon: 0.01 },
    ...overrides,
  };
}

const keptOf = (planned: ReturnType<typeof planCompression>) => planned.layers.map((layer) => layer.kept);

describe('planCompression', () => {
  it('keeps in each layer the filters of the knee of its own curve', () => {
    const planned = planCompression(request());
    expect(planned.layers.map((layer) => layer.name)).toEqual(layers);
    for (const layer of planned.layers) {
      const found = knee(curves.get(layer.name)!, 0.01);
      expect(layer).toMatchObject({
        indices: found.kept,
        kept: found.filters,
        chosen: found.filters,
        lambda: found.lambda,
        prunable: true,
        reason: null,
      });
      expect(layer.indices).toEqual(expect.arrayContaining([...CARRIERS]));
      expect(layer.kept).toBeLessThan(layer.filters);
    }
  });

  it('merges a linear layer that the head reads into the head, which then reads what that layer read, on the grid that it read', () => {
    const net = new Layers(4);
    const wide = net.relu(net.conv(net.image(3, 8), 8));
    const linear = net.conv(wide, 12, { kernel: 1, name: 'linear' });
    net.output(net.linear(net.flatten(net.globalPool(linear)), 2));
    const model = net.build();
    const made: Record<string, readonly number[]> = {
      Relu: [1, 8, 8, 8],
      GlobalAveragePool: [1, 12, 1, 1],
      Flatten: [1, 12],
      Gemm: [1, 2],
    };
    const known = new Map<string, readonly number[]>([['image', [1, 3, 8, 8]]]);
    for (const { opType, output } of new Graph(model).topological()) {
      known.set(output[0]!, made[opType] ?? [1, output[0] === linear ? 12 : 8, 8, 8]);
    }
    const [conv] = layersOf(model) as [string];
    const planned = planCompression({
      ...{ model, shapes: known, layer: 'linear', options: { epsilon: 0.01 } },
      head: { ...head(12), pool: 2, weights: new Float64Array(4 * 12).fill(1) },
      tasks: [
        yaw(
          new Map([
            [conv, curves.get(first)!],
            ['linear', curves.get(second)!],
          ]),
        ),
      ],
    });
    expect(planned.layers.map(({ name, indices }) => [name, indices])).toEqual([
      [conv, knee(curves.get(first)!, 0.01).kept],
    ]);
    const left = prune(planned.network, planned.shapes, planned.plan);
    const { dims } = left.graph!.initializer.find(({ name }) => name === 'head.weight')!;
    expect(dims.map(Number)).toEqual([1, 4 * planned.layers[0]!.kept]);
    const cost = costs(left, prunedShapes(planned.network, planned.shapes, planned.plan));
    expect(planned.after).toEqual({ parameters: cost.parameters, macs: cost.macs, bytes: cost.bytes });
  });

  it('figures are those of the network that pruning really leaves', () => {
    const { network, shapes: networkShapes, plan, after, before } = planCompression(request());
    const left = costs(prune(network, networkShapes, plan), prunedShapes(network, networkShapes, plan));
    expect(after).toEqual({ parameters: left.parameters, macs: left.macs, bytes: left.bytes });
    const whole = costs(model, shapes);
    expect(before).toEqual({ parameters: whole.parameters, macs: whole.macs, bytes: whole.bytes });
  });

  it('multiply-accumulates follow from the filters kept: 9 · in · out · area for each layer, and the head', () => {
    const planned = planCompression(request());
    const widths = [3, ...keptOf(planned)];
    const areas = [16 * 16, 8 * 8, 4 * 4];
    const expected = areas.map((area, index) => 9 * widths[index]! * widths[index + 1]! * area);
    expect(planned.layers.map((layer) => layer.after.macs)).toEqual(expected);
    expect(planned.after.macs).toBe(expected.reduce((sum, macs) => sum + macs, widths[3]!));
    expect(planned.layers.map((layer) => layer.before.macs)).toEqual(
      areas.map((area, index) => 9 * [3, ...TINY_WIDTHS][index]! * TINY_WIDTHS[index]! * area),
    );
  });

  it('a skeleton gives the same plan as the whole model', () => {
    const whole = planCompression(request());
    const planned = planCompression(request({ model: skeleton(model) }));
    expect(planned.layers).toEqual(whole.layers);
    expect(planned.after).toEqual(whole.after);
    expect(planned.plan).toEqual(whole.plan);
  });

  it('cuts what follows the layer of the head', () => {
    const planned = planCompression(request({ layer: second, head: head(TINY_WIDTHS[1]) }));
    expect(planned.layers.map((layer) => layer.name)).toEqual([first, second]);
    expect(planned.tap).toEqual(findTaps(model, shapes)[1]);
  });

  it('a larger ε never keeps more, and a single layer can have one of its own', () => {
    const strict = keptOf(planCompression(request({ options: { epsilon: 0.001 } })));
    const loose = keptOf(planCompression(request({ options: { epsilon: 0.5 } })));
    loose.forEach((kept, index) => expect(kept).toBeLessThanOrEqual(strict[index]!));
    const mixed = keptOf(planCompression(request({ options: { epsilon: 0.001, layerEpsilon: { [second]: 0.5 } } })));
    expect(mixed).toEqual([strict[0], loose[1], strict[2]]);
    expect(loose[1]).toBeLessThan(strict[1]!);
  });

  it('every layer keeps at least the least number of filters', () => {
    const planned = planCompression(request({ options: { epsilon: 0.5, minFilters: 7 } }));
    for (const layer of planned.layers) {
      expect(layer.kept).toBe(7);
      expect(layer.chosen).toBeLessThan(7);
      expect(layer.indices).toEqual(expect.arrayContaining([...knee(curves.get(layer.name)!, 0.5).kept]));
    }
  });

  it('a layer without a curve stays whole', () => {
    const planned = planCompression(
      request({ tasks: [yaw(new Map([...curves].filter(([name]) => name !== second)))] }),
    );
    expect(planned.layers[1]).toMatchObject({ kept: TINY_WIDTHS[1], lambda: null, chosen: null });
  });

  it("a layer that explains less than a tenth of what the head's layer does stays whole", () => {
    const drowned = syntheticCurve(TINY_WIDTHS[0], 1, { noise: 4 });
    expect(knee(drowned, 0.01).filters).toBeGreaterThan(0);
    const planned = planCompression(request({ tasks: [yaw(new Map([...curves, [first, drowned]]))] }));
    expect(planned.layers[0]).toMatchObject({ kept: TINY_WIDTHS[0], lambda: null, chosen: 0 });
    // Beside a head that explains no more, the same curve decides.
    const alike = planCompression(request({ tasks: [yaw(new Map(layers.map((layer) => [layer, drowned])))] }));
    expect(alike.layers[0]!.chosen).toBe(knee(drowned, 0.01).filters);
  });

  it('a layer of the head that is not there is refused with those that are', () => {
    expect(() => planCompression(request({ layer: 'conv9' }))).toThrow(
      expect.objectContaining({
        code: 'LAYER_UNKNOWN',
        message: 'there is no layer "conv9" that can be read',
        fix: `Choose one of: ${layers.join(', ')}.`,
      }),
    );
  });

  describe('with a target', () => {
    const share = (kind: 'macs' | 'parameters' | 'bytes', remove: number, more: Partial<CompressionRequest> = {}) =>
      planCompression(request({ options: { target: { kind, remove }, criterion: 'lasso', roundTo: 1 }, ...more }));

    it.each(['macs', 'parameters', 'bytes'] as const)(
      'leaves at most the share of the whole %s, and hardly less',
      (kind) => {
        for (const remove of [0.3, 0.6, 0.8]) {
          const { before, after, layers: planned } = share(kind, remove);
          expect(after[kind]).toBeLessThanOrEqual((1 - remove) * before[kind]);
          // A filter of the widest layer is a few percent of so small a network.
          expect(after[kind]).toBeGreaterThan((1 - remove - 0.08) * before[kind]);
          expect(planned.every(({ lambda, chosen }) => lambda === null && chosen === null)).toBe(true);
        }
      },
    );

    it('keeps the filters that carry the task, and needs no head to be cut when what follows it is enough', () => {
      for (const { indices } of share('macs', 0.8).layers)
        expect(indices).toEqual(expect.arrayContaining([...CARRIERS]));
      const shallow = share('macs', 0.2, { layer: first, head: head(TINY_WIDTHS[0]) });
      expect(keptOf(shallow)).toEqual([TINY_WIDTHS[0]]);
    });

    it('holds to limits, and says when they forbid the target', () => {
      const limited = planCompression(
        request({
          options: {
            ...{ target: { kind: 'macs', remove: 0.3 }, layerMinFilters: { [first]: 7, gone: 3 } },
            ...{ roundTo: 4, criterion: 'lasso' },
          },
        }),
      );
      expect(limited.layers[0]!.kept).toBe(8);
      for (const { kept } of limited.layers) expect(kept % 4).toBe(0);
      const tiny = { target: { kind: 'macs', atMost: 10 }, criterion: 'lasso' } as const;
      expect(() => planCompression(request({ options: tiny }))).toThrow(
        expect.objectContaining({ code: 'PLAN_TARGET_UNREACHABLE' }),
      );
    });

    it('of latency is refused: a plan has timed nothing', () => {
      expect(() => planCompression(request({ options: { target: { kind: 'latency', remove: 0.5 } } }))).toThrow(
        expect.objectContaining({ code: 'TARGET_NEEDS_RUN', where: 'target' }),
      );
    });
  });

  describe('by damage', () => {
    const network = truncateAt({ model, shapes, layer: third, head: head(TINY_WIDTHS[2]) });
    const analysis = analyzeChannels(network.network, network.shapes);
    // Every channel counts for itself, the first for most, and the second layer a thousand times less than the others.
    const statistics: DamageStatistics = {
      metric: 'answers',
      variance: 1,
      parts: readingsOf(analysis).map((reading, index) => {
        const { width } = reading;
        const diagonal = (value: (i: number) => number) =>
          Float64Array.from({ length: width ** 2 }, (_, at) => (at % (width + 1) === 0 ? value(at / (width + 1)) : 0));
        return {
          classes: reading.classes,
          covariance: diagonal(() => 1),
          metric: diagonal((i) => (index === 1 ? 1e-3 : 1) / (1 + i)),
        };
      }),
    };
    const cut = (options: PruneOptions, more: Partial<CutRequest> = {}) =>
      planCut({ ...network, head: 'head', options, statistics, whole: wholeFigures(model, shapes), ...more });
    const kept = (planned: PlannedCut) => planned.layers.map((layer) => layer.kept);

    it('a network needs no curves: a target is met in multiples of 4, the channels that count most staying', () => {
      const planned = cut({ target: { kind: 'macs', remove: 0.6 } });
      expect(planned.after.macs).toBeLessThanOrEqual(0.4 * planned.before.macs);
      for (const { kept: count, indices, note } of planned.layers) {
        expect(count % 4).toBe(0);
        expect(indices).toEqual([...Array(count).keys()]);
        expect(note).toBeNull();
      }
      // What costs more than it says goes first.
      expect(kept(planned)[1]! / TINY_WIDTHS[1]).toBeLessThan(kept(planned)[2]! / TINY_WIDTHS[2]);
      expect(planned.layers.every(({ damage }) => damage !== null && damage >= 0 && damage < 1)).toBe(true);
    });

    it('and the multiple is given up where a target lies below it, unless it was asked for', () => {
      const planned = cut({ target: { kind: 'macs', remove: 0.8 } });
      expect(planned.after.macs).toBeLessThanOrEqual(0.2 * planned.before.macs);
      expect(planned.layers.some(({ kept: count, note }) => count % 4 !== 0 && note!.includes('multiple of 4'))).toBe(
        true,
      );
      expect(() => cut({ target: { kind: 'macs', remove: 0.8 }, roundTo: 4 })).toThrow(
        expect.objectContaining({ code: 'PLAN_TARGET_UNREACHABLE' }),
      );
      // A GPU has no such multiple.
      const options = { target: { kind: 'macs', remove: 0.6 } } as const;
      expect(kept(cut(options, { provider: 'cuda' })).some((count) => count % 4 !== 0)).toBe(true);
    });

    it('another criterion changes the order alone, and an ε is kept in each layer', () => {
      const target = { kind: 'macs', remove: 0.6 } as const;
      const random = cut({ target, criterion: 'random' }, { seed: 3 });
      expect(random.layers.map(({ indices }) => [...indices])).not.toEqual(
        random.layers.map(({ kept: count }) => [...Array(count).keys()]),
      );
      expect(random.candidates[0]!.damage).toBeGreaterThan(cut({ target }).candidates[0]!.damage);
      for (const { damage, kept: count, filters } of cut({ epsilon: 0.3, criterion: 'damage', roundTo: 1 }).layers) {
        expect(damage).toBeLessThanOrEqual(0.3);
        expect(count).toBeLessThan(filters);
      }
    });

    it('is refused where nothing was measured', () => {
      const target = { kind: 'macs', remove: 0.6 } as const;
      expect(() => planCompression(request({ options: { target } }))).toThrow(
        expect.objectContaining({ code: 'PLAN_NEEDS_MEASUREMENTS', where: 'criterion' }),
      );
    });

    it('a candidate of another rule is planned to its figures', () => {
      const asked: CutRequest = {
        ...{ ...network, head: 'head', statistics, whole: wholeFigures(model, shapes) },
        options: { target: { kind: 'macs', remove: 0.6 } },
      };
      const planned = planCut(asked);
      const even = planned.candidates.find(({ widths }) => widths === 'even')!;
      const other = withCandidate(planned, even.plan, asked);
      expect(other.after).toEqual(even.plan.after);
      expect(other.layers.map((layer) => layer.kept)).not.toEqual(kept(planned));
    });
  });

  describe('by another criterion', () => {
    const options = (more: object = {}) => ({ epsilon: 0.01, roundTo: 1, ...more });
    const lasso = planCompression(request());

    it.each(['l1', 'l2', 'random'] as const)('%s costs at an ε what lasso costs there, and no more', (criterion) => {
      const { after, layers: planned } = planCompression(request({ options: options({ criterion }) }));
      expect(after.macs).toBeLessThanOrEqual(lasso.after.macs);
      expect(after.macs).toBeGreaterThan(0.6 * lasso.after.macs);
      expect(planned.every(({ lambda }) => lambda === null)).toBe(true);
    });

    it('one that reads images ranks by what was measured', () => {
      const measured = new Map(layers.map((layer, i) => [layer, Array.from({ length: TINY_WIDTHS[i]! }, (_, k) => k)]));
      const { layers: planned } = planCompression(request({ options: options({ criterion: 'activation' }), measured }));
      for (const { indices, filters, kept } of planned) {
        expect(indices).toEqual(Array.from({ length: kept }, (_, k) => filters - kept + k));
      }
    });

    it('is given the MACs of another network where it is compared with it', () => {
      const equalMacs = Math.floor(lasso.before.macs / 2);
      const { after } = planCompression(request({ options: options({ criterion: 'random' }), equalMacs }));
      expect(after.macs).toBeLessThanOrEqual(equalMacs);
      expect(after.macs).toBeGreaterThan(0.8 * equalMacs);
    });
  });

  describe('for several tasks', () => {
    const pitch: TaskCurves = {
      task: 'pitch',
      curves: new Map(layers.map((layer, i) => [layer, syntheticCurve(TINY_WIDTHS[i]!, i + 9, { carriers: [1, 6] })])),
    };
    const both = request({ tasks: [yaw(curves), pitch] });

    it('keeps what any of them needs', () => {
      const planned = planCompression(both);
      const alone = [yaw(curves), pitch].map((task) => planCompression(request({ tasks: [task] })));
      planned.layers.forEach(({ indices, lambda }, i) => {
        const union = new Set(alone.flatMap((plan) => plan.layers[i]!.indices));
        expect([indices, lambda]).toEqual([[...union].sort((a, b) => a - b), null]);
      });
    });

    it('leaves a layer whole of which one of them does not tell', () => {
      const silent = new Map([...pitch.curves, [second, syntheticCurve(TINY_WIDTHS[1], 3, { noise: 40 })]]);
      const planned = planCompression({ ...both, tasks: [yaw(curves), { ...pitch, curves: silent }] });
      expect(planned.layers[1]).toMatchObject({ kept: TINY_WIDTHS[1], chosen: 0 });
    });

    it('and away from others drops what rather carries those', () => {
      const options = { epsilon: 0.01, avoid: { tasks: ['pitch'], strength: 100 } };
      const plain = planCompression(request());
      const avoiding = planCompression(request({ options, avoided: [pitch] }));
      avoiding.layers.forEach(({ indices }, i) => {
        expect(plain.layers[i]!.indices).toEqual(expect.arrayContaining([...indices]));
        for (const carrier of [1, 6]) expect(indices).not.toContain(carrier);
      });
      const mild = { tasks: ['pitch'], strength: 0.2 };
      const target = { kind: 'macs', remove: 0.4 } as const;
      const sized = planCompression(request({ options: { target, avoid: mild, roundTo: 1 }, avoided: [pitch] }));
      for (const { indices } of sized.layers) for (const carrier of [1, 6]) expect(indices).not.toContain(carrier);
      expect(sized.after.macs).toBeLessThanOrEqual(0.6 * sized.before.macs);
      // Others take the room of those that were dropped.
      expect(sized.after.macs).toBeGreaterThan(0.5 * sized.before.macs);
    });
  });

  it('names the node and the operator that keep a layer whole', () => {
    const net = new Layers(1);
    const conv1 = net.conv(net.image(3, 16), 8, { name: 'conv1' });
    const normal = net.note(net.graph.node('LRN', [conv1], { size: 3 }, 'normal'), [8, 16, 16]);
    const conv2 = net.conv(normal, 12, { name: 'conv2' });
    const ends = net.relu(conv2);
    net.graph.output(ends, ['N', 12, 16, 16]);
    const mixed = new Map<string, readonly number[]>([
      ['image', [1, 3, 16, 16]],
      ...[conv1, normal].map((value): [string, number[]] => [value, [1, 8, 16, 16]]),
      ...[conv2, ends].map((value): [string, number[]] => [value, [1, 12, 16, 16]]),
    ]);
    const planned = planCompression({
      ...request({ model: net.build(), shapes: mixed, tasks: [], layer: 'conv2', head: head(12) }),
    });
    const [frozen, free] = planned.layers;
    expect(frozen).toMatchObject({ name: 'conv1', kept: 8, prunable: false, frozenBy: { operator: 'LRN' } });
    expect(frozen!.frozenBy!.reason).toBe(frozen!.reason);
    expect(free).toMatchObject({ name: 'conv2', prunable: true, frozenBy: null });
  });
});
