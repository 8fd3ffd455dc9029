import {
  costs,
  encodeModel,
  Graph,
  Layers,
  type ModelProto,
  skeleton,
  smallNets,
  validateGraph,
} from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { measureShapes, noise, run } from '../testing/ort.ts';
import { expectCostAsPlanned, expectProved, provePlan } from '../testing/prove-plan.ts';
import { mergeHead } from './merge-head.ts';
import { type HeadPool, truncate, truncatedShapes } from './truncate.ts';

/** A network up to its last tap, or the one named by its operator and order, with a head of noise. */
async function headed(
  model: ModelProto,
  { pool, targets = 3, at = -1 }: { readonly pool: HeadPool; readonly targets?: number; readonly at?: number },
) {
  const shapes = await measureShapes(model);
  const tap = analyzeChannels(model, shapes).taps.at(at)!;
  const weights = Float64Array.from(noise([targets * tap.channels * pool ** 2], 4));
  const bias = Float64Array.from(noise([targets], 5));
  const head = { name: 'head', outputName: 'answers', pool, weights, bias };
  return { model: truncate(model, tap, head), shapes: truncatedShapes(shapes, tap, { ...head, targets }) };
}

const ops = ({ graph }: ModelProto): string[] => graph!.node.map(({ opType }) => opType);

async function answers(model: ModelProto, side: number): Promise<number[]> {
  const feed = [{ name: 'image', dims: [3, 3, side, side], data: noise([3, 3, side, side], 6) }];
  return [...(await run(encodeModel(model), feed)).get('answers')!.data];
}

/** Convolution and ReLU, then what `build` puts before the head. */
function network(build: (net: Layers, x: string) => string, side = 9): ModelProto {
  const net = new Layers(3);
  const value = build(net, net.relu(net.conv(net.image(3, side), 8)));
  net.output(net.linear(net.flatten(net.globalPool(value)), 2));
  return net.build();
}

describe('a linear convolution before the head', () => {
  it.each<[string, (net: Layers, x: string) => string, HeadPool, string[]]>([
    ['over all positions', (net, x) => net.conv(x, 12, { kernel: 1 }), 1, ['GlobalAveragePool']],
    ['on a grid', (net, x) => net.conv(x, 12, { kernel: 1 }), 2, ['AveragePool']],
    [
      'with its normalisation',
      (net, x) => net.batchNorm(net.conv(x, 12, { kernel: 1, bias: false })),
      2,
      ['AveragePool'],
    ],
    ['without a bias', (net, x) => net.conv(x, 12, { kernel: 1, bias: false }), 1, ['GlobalAveragePool']],
    [
      'behind another',
      (net, x) => net.batchNorm(net.conv(net.batchNorm(net.conv(x, 16, { kernel: 1 })), 12, { kernel: 1 })),
      2,
      ['AveragePool'],
    ],
  ])('%s becomes one with it: the same answers for fewer MACs', async (_, build, pool, pooling) => {
    const before = await headed(network(build), { pool });
    const after = mergeHead(before);
    validateGraph(after.model);
    expect(ops(after.model)).toEqual(['Conv', 'Relu', ...pooling, 'Flatten', 'Gemm']);
    const [wanted, found] = [await answers(before.model, 9), await answers(after.model, 9)];
    const scale = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, i) => expect(Math.abs(found[i]! - value) / scale).toBeLessThan(1e-5));
    for (const [name, dims] of await measureShapes(after.model))
      expect([name, after.shapes.get(name)]).toEqual([name, dims]);
    expect(costs(after.model, after.shapes).macs).toBeLessThan(costs(before.model, before.shapes).macs);
    const proved = await provePlan(after.model);
    expectProved(proved.proof);
    await expectCostAsPlanned(after.model, proved);
  });

  it('on a large map is merged through both stages of its averages', async () => {
    const before = await headed(
      network((net, x) => net.conv(x, 12, { kernel: 1 }), 36),
      { pool: 2 },
    );
    const after = mergeHead(before);
    expect(ops(after.model)).toEqual(['Conv', 'Relu', 'AveragePool', 'AveragePool', 'Flatten', 'Gemm']);
    for (const [name, dims] of await measureShapes(after.model))
      expect([name, after.shapes.get(name)]).toEqual([name, dims]);
    const [wanted, found] = [await answers(before.model, 36), await answers(after.model, 36)];
    wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });

  it('of an inverted residual is its projection', async () => {
    const model = smallNets['depthwise']!(2);
    const { taps } = analyzeChannels(model, await measureShapes(model));
    const projection = taps.findIndex(({ channels, layer }) => channels === 6 && layer !== taps[0]!.layer);
    const before = await headed(model, { pool: 2, at: projection });
    const after = mergeHead(before);
    expect(ops(before.model).filter((op) => op === 'Conv')).toHaveLength(4);
    expect(ops(after.model).filter((op) => op === 'Conv')).toHaveLength(3);
    const [wanted, found] = [await answers(before.model, 16), await answers(after.model, 16)];
    const scale = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, i) => expect(Math.abs(found[i]! - value) / scale).toBeLessThan(1e-5));
  });

  it('on a map of 2 × 2, which nothing averages, becomes one with it too', async () => {
    const before = await headed(
      network((net, x) => net.conv(x, 12, { kernel: 1 }), 2),
      { pool: 2, targets: 1 },
    );
    const after = mergeHead(before);
    expect(ops(after.model)).toEqual(['Conv', 'Relu', 'Flatten', 'Gemm']);
    const [wanted, found] = [await answers(before.model, 2), await answers(after.model, 2)];
    wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });

  it.each<[string, (net: Layers, x: string) => string, HeadPool, number, readonly (readonly number[])[]]>([
    // Kernels of the convolutions that are left.
    ['looks at its neighbours', (net, x) => net.conv(x, 12), 1, 3, [[3, 8, 3, 3]]],
    ['does so for a grid', (net, x) => net.conv(x, 20), 2, 3, [[12, 8, 3, 3]]],
    ['skips positions', (net, x) => net.conv(x, 16, { kernel: 1, stride: 2 }), 1, 3, [[3, 8, 1, 1]]],
    ['skips them and looks far', (net, x) => net.conv(x, 40, { kernel: 5, stride: 2 }), 2, 2, [[8, 8, 5, 5]]],
    ['is in groups', (net, x) => net.conv(x, 16, { group: 4 }), 1, 3, [[3, 8, 3, 3]]],
    ['is normalised', (net, x) => net.batchNorm(net.conv(x, 12, { bias: false })), 1, 2, [[2, 8, 3, 3]]],
    // The first is narrowed to what the second reads before it is one with it.
    ['reads one of 1 × 1', (net, x) => net.conv(net.conv(x, 30, { kernel: 1, bias: false }), 30), 1, 2, [[2, 8, 3, 3]]],
    [
      'reads one with a bias, which padding would tell',
      (net, x) => net.conv(net.conv(x, 30, { kernel: 1 }), 30),
      1,
      2,
      [
        [30, 8, 1, 1],
        [2, 30, 3, 3],
      ],
    ],
    [
      'reads one with a bias, without padding',
      (net, x) => net.conv(net.batchNorm(net.conv(x, 30, { kernel: 1 })), 30, { pad: 0 }),
      2,
      2,
      [[8, 8, 3, 3]],
    ],
    [
      'skips positions of one that looks at its neighbours',
      (net, x) => net.conv(net.batchNorm(net.conv(x, 30, { stride: 2 })), 30, { kernel: 1, stride: 2 }),
      1,
      2,
      [[2, 8, 3, 3]],
    ],
  ])(
    'that %s keeps what the head sees of it: the same answers for fewer MACs',
    async (_, build, pool, targets, kernels) => {
      const before = await headed(network(build, 19), { pool, targets });
      const after = mergeHead(before);
      validateGraph(after.model);
      const graph = new Graph(after.model);
      const left = after.model.graph!.node.filter(({ opType }) => opType === 'Conv');
      expect(left.slice(1).map(({ input }) => graph.stored(input[1]!)!.dims.map(Number))).toEqual(kernels);
      const [wanted, found] = [await answers(before.model, 19), await answers(after.model, 19)];
      const scale = Math.max(...wanted.map(Math.abs));
      wanted.forEach((value, i) => expect(Math.abs(found[i]! - value) / scale).toBeLessThan(1e-5));
      for (const [name, dims] of await measureShapes(after.model))
        expect([name, after.shapes.get(name)]).toEqual([name, dims]);
      expect(costs(after.model, after.shapes).macs).toBeLessThan(costs(before.model, before.shapes).macs);
      // It is none of the registered layers, of which curves speak.
      const names = new Set(before.model.graph!.node.map(({ name }) => name));
      expect(left.slice(1).filter(({ input: [, weight] }) => graph.stored(weight!)!.dims[0] !== 30n)).toSatisfy(
        (nodes: readonly { readonly name: string }[]) => nodes.every(({ name }) => !names.has(name)),
      );
      expectProved((await provePlan(after.model)).proof);
    },
  );

  it('that the head sees nothing of is narrowed all the same', async () => {
    const before = await headed(
      network((net, x) => net.conv(x, 12)),
      { pool: 1 },
    );
    const head = before.model.graph!.initializer.find(({ name }) => name === 'head.weight')!;
    head.rawData = new Uint8Array(head.rawData.length);
    const after = mergeHead(before);
    const wanted = await answers(before.model, 9);
    (await answers(after.model, 9)).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));
  });

  it.each<[string, (net: Layers, x: string) => string, number]>([
    ['has fewer filters than the head has rows', (net, x) => net.conv(x, 12), 3],
    ['is depthwise', (net, x) => net.conv(x, 8, { group: 8 }), 1],
    ['is followed by an activation', (net, x) => net.relu(net.conv(x, 12, { kernel: 1 })), 3],
    ['saves the head more than it costs', (net, x) => net.conv(net.maxPool(net.maxPool(x)), 1, { kernel: 1 }), 40],
  ])('that %s stays', async (_, build, targets) => {
    const before = await headed(network(build), { pool: 2, targets });
    expect(mergeHead(before)).toBe(before);
  });

  it.each([1, 3])('with a kernel of %i goes from a skeleton as from the network itself', async (kernel) => {
    const model = network((net, x) => net.conv(x, 24, { kernel }));
    const whole = mergeHead(await headed(model, { pool: 2 }));
    const { shapes } = await headed(model, { pool: 2 });
    const bare = mergeHead({ model: skeleton((await headed(model, { pool: 2 })).model), shapes });
    expect(ops(bare.model)).toEqual(ops(whole.model));
    expect(bare.shapes).toEqual(whole.shapes);
    expect(costs(bare.model, bare.shapes).macs).toBe(costs(whole.model, whole.shapes).macs);
  });
});
