import { create } from '@bufbuild/protobuf';
import type { ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  costs,
  encodeModel,
  floatTensor,
  Graph,
  Layers,
  NodeProtoSchema,
  seededRandom,
  smallNets,
  validateGraph,
  writeTensor,
} from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { congruent, product, transposed } from '../algebra/products.ts';
import { analyzeChannels, type ChannelAnalysis } from '../analysis/analysis.ts';
import { rankByDamage } from '../damage/rank-by-damage.ts';
import { readingsOf } from '../damage/readings.ts';
import { classesOfPart, type DamageStatistics } from '../damage/statistics.ts';
import { groupsByDamage } from '../plan/rank-groups.ts';
import { makePlan } from '../plan/make-plan.ts';
import { prune } from '../surgery/prune.ts';
import { measureShapes, noise, run } from '../testing/ort.ts';
import { randomGraph } from '../testing/random/random-graph.ts';
import { analysed, expectProved, proveAnalysed } from '../testing/prove-plan.ts';
import { linearGroups } from './linear-groups.ts';
import { rankBasis } from './rank-basis.ts';
import { rotate } from './rotate.ts';

function gram(size: number, rank: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const a = Float64Array.from({ length: size * rank }, () => random.normal());
  return product(a, transposed(a, rank), rank);
}

/** Statistics as some images might have given them. */
function drawn(analysis: ChannelAnalysis, seed = 1): DamageStatistics {
  const parts = readingsOf(analysis).flatMap((reading, i) =>
    Array.from({ length: reading.parts }, (_, part) => {
      const own = seed + 10 * i + part;
      const metric = gram(reading.width, Math.max(1, Math.floor(reading.width / 3)), own + 1000);
      return { classes: classesOfPart(reading, part), covariance: gram(reading.width, reading.width, own), metric };
    }),
  );
  return { metric: 'answers', parts, variance: 1 };
}

/** Graphs drawn; KNEEPOINT_CASES asks for another number, KNEEPOINT_SEED for other ones. */
const CASES = Number(process.env.KNEEPOINT_CASES ?? 80);
const FIRST = Number(process.env.KNEEPOINT_SEED ?? 1);

/** Two inverted residuals (Sandler et al. 2018) behind a stem, and a head. */
function mobileNet({ bias = false, folded = false } = {}): ModelProto {
  const net = new Layers(4);
  const clip = (x: string) =>
    net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [6]))]);
  const normal = (x: string) => (folded ? x : net.batchNorm(x));
  const inverted = (x: string, out: number, expand: number) => {
    const wide = clip(normal(net.conv(x, expand, { kernel: 1, bias: folded })));
    const spatial = clip(normal(net.conv(wide, expand, { group: expand, bias: folded })));
    return normal(net.conv(spatial, out, { kernel: 1, bias: bias || folded, name: `project${expand}` }));
  };
  const first = inverted(net.block(net.image(3, 12), 8), 10, 16);
  const second = net.pointwise('Add', [inverted(first, 10, 24), first]);
  const third = net.pointwise('Add', [second, inverted(second, 10, 30)]);
  net.heads(net.block(third, 14, { kernel: 1 }), { logits: 4 });
  return net.build();
}

const named = (analysis: ChannelAnalysis) => linearGroups(analysis).map(({ layers }) => [...layers]);

describe('a group of channels that is linear inside', () => {
  it.each([{}, { bias: true }, { folded: true }])('is the residual stream of inverted residuals %o', async (how) => {
    const { analysis } = await analysed(mobileNet(how));
    expect(named(analysis)).toEqual([['project16', 'project24', 'project30']]);
    expect(linearGroups(analysis)[0]!.normalisations).toHaveLength('folded' in how ? 0 : 3);
  });

  it.each<[string, boolean, (net: Layers, x: string) => string]>([
    ['averages', true, (net, x) => net.averagePool(x)],
    ['an average of all', true, (net, x) => net.globalPool(x)],
    ['a constant for each channel', true, (net, x) => net.pointwise('Add', [x, net.weight('k', [6, 1, 1])])],
    [
      'a turned map',
      true,
      (net, x) => {
        const turned = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
        return net.note(net.graph.node('Transpose', [turned], { perm: [0, 3, 1, 2] }), net.shape(x));
      },
    ],
    ['an activation', false, (net, x) => net.relu(x)],
    ['a maximum', false, (net, x) => net.maxPool(x)],
    ['a scale of each channel', false, (net, x) => net.pointwise('Mul', [x, net.weight('k', [6, 1, 1])])],
    ['one number added to all', false, (net, x) => net.pointwise('Add', [x, net.graph.init(floatTensor([], [1]))])],
    ['gates', false, (net, x) => net.pointwise('Mul', [x, net.pointwise('Sigmoid', [net.conv(x, 6, { kernel: 1 })])])],
    ['other channels beside it', false, (net, x) => net.concat([x, net.relu(net.conv(x, 4))])],
    ['a depthwise reader', false, (net, x) => net.conv(x, 6, { group: 6 })],
    ['a reader in groups', false, (net, x) => net.relu(net.conv(x, 6, { group: 2 }))],
  ])('with %s: %s', async (_, linear, middle) => {
    const net = new Layers(2);
    const x = net.relu(net.conv(net.image(3, 8), 5));
    const value = middle(net, net.batchNorm(net.conv(x, 6, { name: 'linear' })));
    net.heads(net.relu(net.conv(value, 7, { pad: 1 })), { logits: 3 });
    const { analysis } = await analysed(net.build());
    expect(named(analysis).some((layers) => layers.includes('linear'))).toBe(linear);
  });

  it.each(['vgg', 'residual', 'mfm', 'inception', 'shuffle'])('is not to be found in %s', async (name) => {
    const { analysis } = await analysed(smallNets[name]!(1));
    expect(named(analysis)).toEqual([]);
  });
});

describe('the basis of a rank', () => {
  const [size, metricRank] = [9, 5];
  const part = { covariance: gram(size, 12, 1), metric: gram(size, metricRank, 2) };
  const basis = rankBasis([part], size);
  const classes = [...Array(size).keys()];
  const statisticsIn = (b: Float64Array): DamageStatistics => ({
    metric: 'answers',
    variance: 1,
    parts: [{ classes, covariance: congruent(b, part.covariance, size), metric: congruent(b, part.metric, size) }],
  });
  const { damage, classes: order } = rankByDamage(statisticsIn(basis), classes)!;
  const gains = Array.from(damage.subarray(1), (value, k) => damage[k]! - value);

  it('loses with k numbers the smallest eigenvalues of R F, and takes them in order', () => {
    expect(order.slice(0, metricRank)).toEqual(classes.slice(0, metricRank));
    const rf = product(part.covariance, part.metric, size);
    // Sums of powers of the eigenvalues, from traces alone.
    let power = rf;
    for (let p = 1; p <= 4; p++) {
      const trace = classes.reduce((sum, i) => sum + power[i * size + i]!, 0);
      expect(gains.reduce((sum, gain) => sum + gain ** p, 0) / trace).toBeCloseTo(1, 6);
      power = product(power, rf, size);
    }
    gains.slice(1).forEach((gain, k) => expect(gain).toBeLessThanOrEqual(gains[k]! + 1e-9));
    expect(damage[metricRank]! / damage[0]!).toBeLessThan(1e-9);
  });

  it('loses no more than any choice of channels, nor any other basis', () => {
    const chosen = rankByDamage(statisticsIn(identity(size)), classes)!.damage;
    damage.forEach((value, k) => expect(value).toBeLessThanOrEqual(chosen[k]! + 1e-9 * chosen[0]!));
    expect(damage[2]!).toBeLessThan(0.8 * chosen[2]!);
    const other = rankByDamage(statisticsIn(rankBasis([{ ...part, metric: gram(size, size, 7) }], size)), classes)!;
    damage.forEach((value, k) => expect(value).toBeLessThanOrEqual(other.damage[k]! + 1e-9 * chosen[0]!));
  });

  it('is whole and orthonormal where some directions do not vary', () => {
    const flat = { covariance: gram(size, 3, 5), metric: gram(size, size, 6) };
    const found = rankBasis([flat], size);
    congruent(found, identity(size), size).forEach((value, at) => expect(value).toBeCloseTo(identity(size)[at]!, 9));
    rankBasis([{ covariance: new Float64Array(81), metric: flat.metric }], size).forEach((value) =>
      expect(Number.isFinite(value)).toBe(true),
    );
  });
});

describe('a rotated network', () => {
  it.each<[string, () => ModelProto]>([
    ['with normalisations', () => mobileNet()],
    ['with normalisations and biases', () => mobileNet({ bias: true })],
    ['folded', () => mobileNet({ folded: true })],
    ['with dense layers', denseNet],
    ['read as a flattened map', flattenedNet],
    ['with channels last', channelsLast],
  ])('%s computes the same, and is cut and proved as any other', async (_, make) => {
    const { model, shapes, analysis } = await analysed(make());
    const statistics = drawn(analysis);
    const rotated = rotate(model, analysis, statistics)!;
    validateGraph(rotated.model);
    expect(await differenceOf(model, rotated.model, shapes)).toBeLessThan(1e-5);
    expect([...rotated.layers]).toEqual(linearGroups(analysis).flatMap(({ layers }) => layers));
    for (const [name, dims] of await measureShapes(rotated.model))
      expect([name, shapes.get(name)]).toEqual([name, dims]);

    const again = analyzeChannels(rotated.model, shapes);
    expect(again.classes).toEqual(analysis.classes);
    const groups = groupsByDamage(again, rotated.statistics);
    const removed = groups.flatMap(({ classes }) => classes.slice(Math.ceil(classes.length / 2)));
    const plan = makePlan(again, removed);
    const proved = await proveAnalysed({ model: rotated.model, shapes, analysis: again }, plan);
    expectProved(proved.proof);
    expect(costs(proved.pruned, await measureShapes(proved.pruned)).macs).toBe(plan.after.macs);
  });

  it('is the same function of random graphs of every operator', async () => {
    let found = 0;
    for (let seed = FIRST; seed < FIRST + CASES; seed++) {
      const model = randomGraph(seed);
      const shapes = await measureShapes(model);
      const analysis = analyzeChannels(model, shapes);
      const rotated = rotate(model, analysis, drawn(analysis, seed));
      if (!rotated) continue;
      found++;
      expect([seed, await differenceOf(model, rotated.model, shapes)]).toEqual([seed, expect.closeTo(0, 5)]);
      expect([seed, analyzeChannels(rotated.model, shapes).classes]).toEqual([seed, analysis.classes]);
    }
    expect(found).toBeGreaterThan(CASES / 10);
  }, 300_000);

  it('cut to k channels is the network as it was with the projection on the first k directions before every reader', async () => {
    const { model, shapes, analysis } = await analysed(mobileNet());
    const statistics = drawn(analysis);
    const rotated = rotate(model, analysis, statistics)!;
    const [group] = linearGroups(analysis) as [ReturnType<typeof linearGroups>[number]];
    const [size, k] = [group.classes.length, 4];
    const plan = makePlan(analyzeChannels(rotated.model, shapes), group.classes.slice(k));
    const cut = prune(rotated.model, shapes, plan);

    const measured = statistics.parts.filter(({ classes }) => classes[0] === group.classes[0]);
    const first = rankBasis(measured, size).subarray(0, k * size);
    const projection = product(transposed(first, size), first, k);
    const projected = cloneModel(model);
    const graph = new Graph(projected);
    const byName = new Map(projected.graph!.node.map((node) => [graph.nodeName(node), node]));
    projected.graph!.initializer.push(
      writeTensor('projection', floatTensor([size, size, 1, 1], Float32Array.from(projection))),
    );
    for (const reading of readingsOf(analysis).filter(({ classes }) => classes[0] === group.classes[0])) {
      const name = `projected ${reading.value}`;
      const node = create(NodeProtoSchema, {
        name,
        opType: 'Conv',
        input: [reading.value, 'projection'],
        output: [name],
      });
      const at = projected.graph!.node.indexOf(graph.producer(reading.value)!);
      projected.graph!.node.splice(at + 1, 0, node);
      for (const reader of reading.readers) {
        byName.get(reader.node)!.input[reader.input] = name;
      }
    }
    expect(await differenceOf(projected, cut, shapes)).toBeLessThan(1e-5);
    expect(await differenceOf(model, cut, shapes)).toBeGreaterThan(1e-2);
  });

  it('has damage that is nowhere above that of channels where one place is read', async () => {
    const { model, analysis } = await analysed(denseNet());
    const statistics = drawn(analysis);
    const rotated = rotate(model, analysis, statistics)!;
    const before = groupsByDamage(analysis, statistics);
    const after = groupsByDamage(analysis, rotated.statistics);
    before.forEach(({ damage }, i) =>
      damage.forEach((value, k) => expect(after[i]!.damage[k]!).toBeLessThanOrEqual(value + 1e-9 * damage[0]!)),
    );
    expect(after.some(({ damage }, i) => damage[3]! < 0.9 * before[i]!.damage[3]!)).toBe(true);
  });

  it('is none where nothing is linear, or nothing was measured of what is', async () => {
    const vgg = await analysed(smallNets['vgg']!(1));
    expect(rotate(vgg.model, vgg.analysis, drawn(vgg.analysis))).toBeUndefined();
    const { model, analysis } = await analysed(mobileNet());
    expect(rotate(model, analysis, { ...drawn(analysis), parts: [] })).toBeUndefined();
  });
});

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
}

/** Largest difference of two models' answers, as a share of the largest. */
async function differenceOf(
  a: ModelProto,
  b: ModelProto,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<number> {
  const dims = [3, ...shapes.get('image')!.slice(1)];
  const feed = [{ name: 'image', dims, data: noise(dims, 9) }];
  const [wanted, found] = [await run(encodeModel(a), feed), await run(encodeModel(b), feed)];
  const [values, others] = [wanted, found].map((outputs) => [...outputs.values()].flatMap(({ data }) => [...data]));
  const scale = Math.max(...values!.map(Math.abs));
  return Math.max(...values!.map((value, i) => Math.abs(value - others![i]!))) / scale;
}

/** Two dense layers in a row, the first without an activation. */
function denseNet(): ModelProto {
  const net = new Layers(5);
  const x = net.flatten(net.globalPool(net.block(net.image(3, 8), 12)));
  net.output(net.linear(net.relu(net.linear(net.linear(x, 9), 7)), 3));
  return net.build();
}

/** A linear convolution that a dense layer reads position by position. */
function flattenedNet(): ModelProto {
  const net = new Layers(6);
  const x = net.conv(net.maxPool(net.block(net.image(3, 8), 8)), 6);
  net.output(net.linear(net.relu(net.linear(net.flatten(x), 9)), 3));
  return net.build();
}

/** Linear layers at every position, without an activation between them, and a bias of its own. */
function channelsLast(): ModelProto {
  const net = new Layers(7);
  const turned = net.graph.node('Transpose', [net.relu(net.conv(net.image(3, 6), 8))], { perm: [0, 2, 3, 1] });
  const linear = (x: string, from: number, to: number, name: string) =>
    net.graph.node('Add', [
      net.graph.node('MatMul', [x, net.weight(`${name}.weight`, [from, to])], {}, name),
      net.weight(`${name}.bias`, [to]),
    ]);
  const narrow = linear(linear(turned, 8, 6, 'first'), 6, 9, 'second');
  const back = net.graph.node('Transpose', [net.graph.node('Relu', [narrow])], { perm: [0, 3, 1, 2] });
  net.heads(net.note(back, [9, 6, 6]), { logits: 3 });
  return net.build();
}
