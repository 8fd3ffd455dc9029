import {
  DataType,
  decodeModel,
  elementCount,
  encodeModel,
  floatTensor,
  Graph,
  GraphBuilder,
  intTensor,
  Layers,
  type ModelProto,
  readTensor,
  seededRandom,
  smallNets,
  tensorDims,
  vggStyle,
  writeTensor,
} from '@kneepoint/onnx';
import { type Dense, openSession } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { trainableOf } from '../forward/trainable.ts';
import { measured } from '../step/testing/run-step.ts';
import { withWeights } from '../step/with-weights.ts';
import { ChannelMoments, exposeMoments, type Moments } from './channel-moments.ts';
import { foldableNormalisations, foldNormalisations } from './fold.ts';
import { insertFreshNormalisation, insertNormalisation } from './insert.ts';
import { statisticsGraph } from '../step/statistics-graph.ts';
import { normalisationSites } from './sites.ts';

const ROWS = 6;

interface Feed {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

function feedOf(model: ModelProto, rows = ROWS, seed = 3): Record<string, Feed> {
  const input = new Graph(model).inputs[0]!;
  const shape = input.type!.value.case === 'tensorType' ? input.type!.value.value.shape!.dim : [];
  const dims = shape.map(({ value }, axis) => (axis === 0 ? rows : Number(value.value)));
  const random = seededRandom(seed);
  return { [input.name]: { dims, data: Float32Array.from({ length: elementCount(dims) }, () => random.normal()) } };
}

async function run(model: ModelProto, feed: Record<string, Feed>): Promise<Record<string, Dense>> {
  const session = await openSession(model, { threads: 1 });
  try {
    return await session.run(feed);
  } finally {
    await session.release();
  }
}

async function answers(model: ModelProto, feed = feedOf(model)): Promise<number[]> {
  // As a file: what was changed must survive being written and read.
  const results = await run(decodeModel(encodeModel(model)), feed);
  return new Graph(model).outputs.flatMap(({ name }) => [...(results[name]!.data as Float32Array)]);
}

function expectSame(found: number[], wanted: number[], tolerance = 1e-5): void {
  expect(found).toHaveLength(wanted.length);
  const size = Math.max(...wanted.map(Math.abs));
  expect(size).toBeGreaterThan(0);
  found.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(tolerance * size));
}

async function momentsOf(model: ModelProto, values: readonly string[]): Promise<Map<string, Moments>> {
  const feed = feedOf(model);
  const shapes = await measured(model, Object.values(feed)[0]!.dims);
  const { model: telling, exposed } = exposeMoments(model, values, shapes);
  const results = await run(telling, feed);
  return new Map(
    [...exposed].map(([value, { mean, variance }]) => {
      const sums = new ChannelMoments(shapes.get(value)![1]!);
      const told = (name: string): Float32Array => results[name]!.data as Float32Array;
      sums.add(told(mean), variance === undefined ? undefined : told(variance));
      return [value, sums.moments()];
    }),
  );
}

async function prepared(model: ModelProto, except: string[] = []) {
  const feed = feedOf(model);
  const options = {
    trainable: trainableOf(model),
    except,
    shapes: await measured(model, Object.values(feed)[0]!.dims),
  };
  const foldable = foldableNormalisations(model, options);
  const plain = foldNormalisations(model, foldable);
  const found = normalisationSites(plain, { ...options, trainable: trainableOf(plain) });
  const moments = await momentsOf(
    plain,
    found.sites.map(({ value }) => value),
  );
  return { foldable, plain, ...found, moments };
}

/** Everything that a node has but its numbers. */
const skeletonOf = (model: ModelProto) =>
  new Graph(model).proto.node.map(({ name, opType, output }) => [name, opType, output]);
const count = (model: ModelProto, op: string) => model.graph!.node.filter(({ opType }) => opType === op).length;

/** A dense layer as MatMul and Add, a Gemm with factors, one bias for two layers, a convolution that is an output, a dead filter. */
function awkward(opset = 17): ModelProto {
  const net = new Layers(7, { opset });
  const { graph } = net;
  const bias = net.vector('shared.bias', 4, 0.3, 0.2);
  const dead = net.weight('first.weight', [4, 3, 3, 3]);
  const first = graph.node('Conv', [net.image(3, 8), dead, bias], { pads: [1, 1, 1, 1] }, 'first');
  const second = graph.node('Conv', [graph.relu(first), net.weight('second.weight', [4, 4, 1, 1]), bias], {}, 'second');
  graph.output(second, ['N', 4, 8, 8]);
  const flat = graph.flatten(graph.globalAveragePool(graph.relu(second)));
  const product = graph.node('MatMul', [flat, net.weight('dense.weight', [4, 5])], {}, 'dense');
  const hidden = graph.relu(graph.node('Add', [product, net.vector('dense.bias', 5, 0, 0.5)]));
  const scalar = graph.init(floatTensor([1], [0.7]), 'factors.bias');
  const factors = { alpha: { float: 0.5 }, beta: { float: -2 } };
  const gemm = graph.node('Gemm', [hidden, net.weight('factors.weight', [5, 6]), scalar], factors, 'factors');
  graph.output(gemm, ['N', 6]);
  const model = graph.build();
  const tensor = model.graph!.initializer.find(({ name }) => name === 'first.weight')!;
  const { dims, data } = readTensor(tensor);
  const silent = Float32Array.from(data as Float32Array, (value, i) => (i < 27 ? 0 : value));
  model.graph!.initializer.splice(
    model.graph!.initializer.indexOf(tensor),
    1,
    writeTensor(tensor.name, floatTensor(dims, silent)),
  );
  return model;
}

/** A grouped transposed convolution: inputs of a group lie together in its weights. */
function transposed(): ModelProto {
  const net = new Layers(2);
  const weight = net.weight('up.weight', [6, 2, 2, 2]);
  const x = net.conv(net.image(3, 4), 6);
  const up = net.graph.node('ConvTranspose', [x, weight], { kernel_shape: [2, 2], strides: [2, 2], group: 3 }, 'up');
  net.graph.output(up, ['N', 6, 8, 8]);
  return net.build();
}

const nets: Record<string, ModelProto> = {
  ...Object.fromEntries(Object.entries(smallNets).map(([name, make]) => [name, make(4)])),
  'vgg with normalisation': vggStyle({ widths: [4, 'pool', 6], size: 8, seed: 1, batchNorm: true }),
  awkward: awkward(),
  // Where a Gemm must have a bias.
  'awkward at opset 9': awkward(9),
  transposed: transposed(),
};

describe('normalisation that changes nothing', () => {
  it.each(Object.entries(nets))('%s answers the same with it, and again without', async (_, model) => {
    const before = await answers(model);
    const { plain, sites, skipped, moments, foldable } = await prepared(model);
    expect(skipped).toEqual([]);
    expect(sites.length).toBe(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].reduce((n, op) => n + count(model, op), 0));
    expectSame(await answers(plain), before);
    const { model: inside, norms } = insertNormalisation(plain, sites, moments);
    expect(norms.size).toBe(sites.length);
    expect(count(inside, 'BatchNormalization')).toBe(
      count(model, 'BatchNormalization') - foldable.length + sites.length,
    );
    expectSame(await answers(inside), before);
    const after = foldNormalisations(inside, norms.values());
    expectSame(await answers(after), before);
    const dense = (op: string) => (op === 'MatMul' ? 'Gemm' : op);
    expect(skeletonOf(after)).toEqual(
      skeletonOf(plain).map(([name, op, output]) => [name, dense(op as string), output]),
    );
    // The weights of every layer are there under their names, and biases under theirs.
    const names = (of: ModelProto) => of.graph!.initializer.map(({ name }) => name);
    expect(names(after)).toEqual(expect.arrayContaining(names(plain).filter((name) => name.endsWith('.weight'))));
    expect(skeletonOf(model).length - skeletonOf(after).length).toBe(foldable.length);
  });

  it('gives every filter the norm √2, and each normalised response the mean and variance that it tells', async () => {
    const { plain, sites, moments } = await prepared(nets['grouped']!);
    const { model, norms } = insertNormalisation(plain, sites, moments);
    const graph = new Graph(model);
    const raw: string[] = [];
    for (const [layer, name] of norms) {
      const node = graph.proto.node.find((candidate) => candidate.name === layer)!;
      const norm = graph.proto.node.find((candidate) => candidate.name === name)!;
      raw.push(norm.input[0]!);
      expect(node.input).toHaveLength(2);
      const { dims, data } = readTensor(graph.initializer(node.input[1]!)!);
      const size = elementCount(dims.slice(1));
      for (let k = 0; k < dims[0]!; k++)
        expect(Math.hypot(...(data as Float32Array).subarray(k * size, (k + 1) * size))).toBeCloseTo(Math.SQRT2, 5);
    }
    const seen = await momentsOf(model, raw);
    for (const value of raw) {
      const norm = graph.consumers(value)[0]!.node;
      const told = [3, 4].map((i) => [...(graph.constant(norm.input[i]!)!.data as Float32Array)]);
      expectSame(told[0]!, [...seen.get(value)!.mean], 1e-4);
      expectSame(told[1]!, [...seen.get(value)!.variance], 1e-4);
    }
  });

  it('stays folded in when it has been trained', async () => {
    const { plain, sites, moments } = await prepared(nets['depthwise']!);
    const { model, norms } = insertNormalisation(plain, sites, moments);
    const random = seededRandom(8);
    const moved = model
      .graph!.initializer.filter(({ name }) => trainableOf(model).has(name) || /\.(mean|variance)$/.test(name))
      .map((tensor) => {
        const data = readTensor(tensor).data as Float32Array;
        return [tensor.name, data.map((value) => value * (1 + 0.3 * random.uniform()) + 0.01)] as const;
      });
    const trained = withWeights(model, new Map(moved));
    expectSame(await answers(foldNormalisations(trained, norms.values())), await answers(trained));
  });

  it('of a network that has learned nothing makes every response normal in the batch', async () => {
    const { plain, sites } = await prepared(nets['vgg']!);
    const { model, norms } = insertFreshNormalisation(plain, sites);
    const graph = new Graph(model);
    for (const name of norms.values()) {
      const norm = graph.proto.node.find((node) => node.name === name)!;
      const told = norm.input.slice(1).map((input) => new Set(graph.constant(input)!.data as Float32Array));
      expect(told).toEqual([new Set([1]), new Set([0]), new Set([0]), new Set([1])]);
    }
  });
});

it('tells the statistics of a batch for weights that no batch has trained: the very moments where nothing has changed', async () => {
  const { plain, sites, moments } = await prepared(nets['residual']!);
  const { model, norms } = insertNormalisation(plain, sites, moments);
  const [feed] = Object.values(feedOf(model));
  const shapes = await measured(model, feed!.dims);
  const graph = statisticsGraph({ model, shapes, trainable: 'all', batchNorm: new Set(norms.values()) });
  const stored = new Graph(model);
  const weights = graph.weights.map(({ name, input, dims }) => {
    const data = readTensor(stored.initializer(name)!).data as Float32Array;
    return [input, { dims: [...dims], data }] as const;
  });
  const results = await run(graph.model, { [graph.image]: feed!, ...Object.fromEntries(weights) });
  expect(graph.statistics.size).toBe(2 * sites.length);
  for (const [name, output] of graph.statistics) {
    const told = [...(results[output]!.data as Float32Array)];
    expectSame(told, [...(stored.constant(name)!.data as Float32Array)], 1e-4);
  }
});

describe('a layer is left as it is', () => {
  const siteNames = async (model: ModelProto, trainable = trainableOf(model), except: string[] = []) => {
    const shapes = await measured(model, Object.values(feedOf(model))[0]!.dims);
    return normalisationSites(model, { trainable, shapes, except });
  };

  it('where another one has the same weights, with a reason', async () => {
    const builder = new GraphBuilder();
    const weight = builder.init(
      floatTensor(
        [3, 3, 1, 1],
        Float32Array.from({ length: 9 }, (_, i) => i),
      ),
    );
    const x = builder.input('x', ['N', 3, 4, 4]);
    const once = builder.node('Conv', [x, weight], {}, 'once');
    builder.output(builder.node('Conv', [builder.relu(once), weight], {}, 'twice'), ['N', 3, 4, 4]);
    const { sites, skipped } = await siteNames(builder.build());
    expect([sites, skipped.map(({ layer }) => layer)]).toEqual([[], ['once', 'twice']]);
    expect(skipped[0]!.reason).toBe('its weights are shared');
  });

  it('where its filters lie along the last of three axes', async () => {
    const builder = new GraphBuilder();
    const x = builder.node('Reshape', [builder.input('x', ['N', 3, 2, 2]), builder.init(intTensor([0, 3, 4]))]);
    const weight = builder.init(
      floatTensor(
        [4, 2],
        Float32Array.from({ length: 8 }, (_, i) => i),
      ),
    );
    builder.output(builder.node('MatMul', [x, weight], {}, 'tokens'), ['N', 3, 2]);
    const { sites, skipped } = await siteNames(builder.build());
    expect([sites, skipped.map(({ layer }) => layer)]).toEqual([[], ['tokens']]);
  });

  it('where it is frozen, or named: its normalisation too', async () => {
    const model = nets['residual']!;
    const { sites } = await siteNames(model, trainableOf(model, { freeze: ['conv1', 'bn2'] }), ['logits']);
    const names = sites.map(({ layer }) => layer);
    expect(names).not.toContain('conv1');
    expect(names).not.toContain('logits');
    expect(names).toContain('conv2');
    const shapes = await measured(model, [ROWS, 3, 16, 16]);
    const folded = foldableNormalisations(model, {
      trainable: trainableOf(model, { freeze: ['conv1', 'bn2'] }),
      shapes,
    });
    expect(folded).not.toContain('bn1');
    expect(folded).not.toContain('bn2');
    expect(folded).toContain('bn3');
  });

  it('where its weights are stored in half precision', async () => {
    const builder = new GraphBuilder();
    const half = writeTensor('w', { dims: [3, 2], type: DataType.FLOAT16, data: new Float32Array(6).fill(0.5) });
    const flat = builder.flatten(builder.input('x', ['N', 3, 1, 1]));
    const x = builder.node('Cast', [flat], { to: DataType.FLOAT16 });
    const product = builder.node('MatMul', [x, builder.initProto(half)], {}, 'half');
    builder.output(builder.node('Cast', [product], { to: DataType.FLOAT }), ['N', 2]);
    const { sites, skipped } = await siteNames(builder.build());
    expect([sites, skipped.length]).toEqual([[], 1]);
  });
});

it('moments added up in batches are those of all rows, however large the mean', () => {
  const random = seededRandom(1);
  const rows = Array.from({ length: 40 }, () => [1e4 + random.normal(), random.normal()]);
  const sums = new ChannelMoments(2);
  for (let i = 0; i < rows.length; i += 7) sums.add(Float32Array.from(rows.slice(i, i + 7).flat()));
  const { mean, variance } = sums.moments();
  for (const k of [0, 1]) {
    const column = rows.map((row) => Math.fround(row[k]!));
    const average = column.reduce((a, b) => a + b, 0) / 40;
    expect(mean[k]).toBeCloseTo(average, 8);
    expect(variance[k]).toBeCloseTo(column.reduce((sum, value) => sum + (value - average) ** 2, 0) / 40, 6);
  }
});

it('dimensions that an old exporter declared for a bias do not outlive it', async () => {
  const model = awkward();
  expect(tensorDims(model.graph!.initializer.find(({ name }) => name === 'factors.bias')!)).toEqual([1]);
  const { plain, sites, moments } = await prepared(model);
  const { model: inside, norms } = insertNormalisation(plain, sites, moments);
  const after = foldNormalisations(inside, norms.values());
  expect(tensorDims(after.graph!.initializer.find(({ name }) => name === 'factors.bias')!)).toEqual([6]);
});
