import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import { decodeModel, encodeModel, Graph, inputSpec, Layers, type ModelProto, smallNets } from '@kneepoint/onnx';
import { analyzeChannels, findTaps, l1Plan, prune, randomPlan, truncate } from '@kneepoint/pruning';
import { fitHead, linearScores, TEST, TRAIN, VALIDATION } from '@kneepoint/regression';
import { openSession, shapesOf } from '@kneepoint/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBatches, type Images, pooledOver } from '../run-over.ts';
import { heal, healAll } from './heal.ts';
import { foldMeans } from './testing/fold-means.ts';
import { type Lie, planWithoutTwins, withTwins } from './testing/twins.ts';

const IMAGES = 160;
const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
const PARTS = { train: range(0, 104), validation: range(104, 152) };
const NETWORKS = new URL('../../../../packages/cli/networks/', import.meta.url);
let folder: string;
let dataset: Dataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-healing-'));
  await renderFaces({ count: IMAGES, seed: 1, folder: join(folder, 'faces'), size: 64, persons: 12 });
  await packDataset(join(folder, 'faces'), { out: join(folder, 'faces.tar') });
  dataset = await openDataset(join(folder, 'faces.tar'));
});

afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true, force: true });
});

function imagesFor(model: ModelProto, signal = new AbortController().signal): Images {
  const spec = inputSpec(model);
  const preprocess = {
    channels: spec.channels === 1 ? 'grey' : 'rgb',
    range: [0, 1],
    mean: [0.5],
    std: [0.25],
  } as const;
  const context = { provider: 'cpu', signal, progress: () => undefined } as never;
  return { dataset, spec, preprocess, context } as unknown as Images;
}

/** What every output of a model says of the validation images. */
async function answers(model: ModelProto, images: Images): Promise<number[]> {
  const session = await openSession(encodeModel(model), { optimization: 'disabled' });
  const { name, channels, height, width } = images.spec;
  const said: number[] = [];
  for await (const { data, indices } of imageBatches(images, PARTS.validation)) {
    const results = await session.run({ [name]: { data, dims: [indices.length, channels, height, width] } });
    for (const output of new Graph(model).outputs) said.push(...(results[output.name]!.data as Float32Array));
  }
  await session.release();
  return said;
}

/** Share of the variance of `wanted` that is missed. */
function missed(said: readonly number[], wanted: readonly number[]): number {
  const mean = wanted.reduce((sum, value) => sum + value, 0) / wanted.length;
  const [error, spread] = wanted.reduce(
    ([e, s], value, i) => [e + (said[i]! - value) ** 2, s + (value - mean) ** 2],
    [0, 0],
  );
  return error / spread;
}

/** Layers whose filters all stay. */
const SPARED = ['logits', 'fc2'];

const TWINNED: readonly [string, (seed: number) => ModelProto, Readonly<Record<string, Lie>>][] = [
  ['a chain with batch normalisation', smallNets['vgg']!, {}],
  ['a linear layer behind a map', smallNets['vggFlat']!, {}],
  ['residual adds', smallNets['residual']!, {}],
  ['concatenations', smallNets['concat']!, { bn3: { parts: [6, 4] }, bn4: { parts: [6, 4, 4] } }],
  ['branches', smallNets['inception']!, {}],
  ['depthwise convolutions', smallNets['depthwise']!, {}],
  [
    'grouped convolutions',
    smallNets['grouped']!,
    Object.fromEntries(['conv2', 'bn2', 'conv3', 'bn3'].map((name) => [name, { parts: [4, 4, 4] }])),
  ],
  ['transposed convolutions', smallNets['unet']!, { up: { axis: 1 } }],
  ['gates', smallNets['squeezeExcite']!, {}],
  ['matrices on rows of channels', channelsLast, {}],
];

/** Two linear layers at every position, the second without an Add behind it. */
function channelsLast(seed: number): ModelProto {
  const net = new Layers(seed);
  const turned = net.graph.node('Transpose', [net.relu(net.conv(net.image(3, 16), 6))], { perm: [0, 2, 3, 1] });
  const wide = net.graph.node('MatMul', [turned, net.weight('wide.weight', [6, 12])], {}, 'wide');
  const shifted = net.graph.node('Relu', [net.graph.node('Add', [wide, net.vector('wide.bias', 12, 0, 0.1)])]);
  const narrow = net.graph.node('MatMul', [shifted, net.weight('narrow.weight', [12, 4])], {}, 'narrow');
  net.heads(net.note(net.graph.node('Transpose', [narrow], { perm: [0, 3, 1, 2] }), [4, 16, 16]), { logits: 5 });
  return net.build();
}

/** Two convolutions that share a weight: one after another, or side by side with a bias each. */
function sharing(how: 'in a row' | 'side by side' | 'with biases'): ModelProto {
  const net = new Layers(5);
  const weight = net.weight('twice.weight', [8, 8, 3, 3]);
  const conv = (x: string, name: string): string => {
    const bias = how === 'with biases' ? [net.vector(`${name}.bias`, 8, 0, 0.1)] : [];
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    return net.relu(net.note(net.graph.node('Conv', [x, weight, ...bias], attributes, name), [8, 16, 16]));
  };
  const image = net.image(3, 16);
  const first = conv(net.relu(net.conv(image, 8)), 'first');
  const second = conv(how === 'in a row' ? first : net.relu(net.conv(image, 8)), 'second');
  net.heads(how === 'in a row' ? second : net.concat([first, second]), { logits: 5 });
  return net.build();
}

describe('healing', () => {
  it.each(TWINNED)('loses nothing where every removed channel has a twin: %s', async (_, make, lies) => {
    const network = withTwins(make(3), SPARED, { ...lies, wide: { axis: 1 }, narrow: { axis: 1 } });
    const shapes = await shapesOf(network);
    const plan = planWithoutTwins(network, shapes, SPARED, lies);
    expect(plan.removedClasses.length).toBeGreaterThan(3);
    const cut = prune(network, shapes, plan);
    const images = imagesFor(network);
    const { model, layers, left } = await heal({ network, shapes, plan, cut, head: '' }, images, PARTS);
    const whole = await answers(network, images);
    expect(missed(await answers(cut, images), whole)).toBeGreaterThan(0.01);
    // Where inputs of a layer all but repeat each other, sums in float32 tell fewer of them apart.
    expect(missed(await answers(model, images), whole)).toBeLessThan(make === smallNets['vggFlat'] ? 1e-3 : 1e-6);
    expect([...layers.filter(({ note }) => note !== null), ...left]).toEqual([]);
  });

  it.each(Object.keys(smallNets))('never misses more of the validation images than slices do: %s', async (name) => {
    const network = smallNets[name]!(4);
    const shapes = await shapesOf(network);
    const plan = randomPlan(analyzeChannels(network, shapes), 0.5, 2);
    const cut = prune(network, shapes, plan);
    const { model, layers } = await heal({ network, shapes, plan, cut, head: '' }, imagesFor(network), PARTS);
    expect(layers.length).toBeGreaterThan(1);
    for (const { after, before } of layers) expect(after).toBeLessThanOrEqual(before);
    expect(await shapesOf(model)).toMatchObject(await shapesOf(cut));
  });

  it.each([
    ['side by side', ['first', 'second'], /^healed together with (first|second), whose weights it shares$/],
    ['with biases', [], /shares its weights, but not its bias/],
    ['in a row', [], /reads what a layer of the same weights gives/],
  ] as const)('heals layers that share a weight together or says why not: %s', async (how, healed, why) => {
    const network = withTwins(sharing(how), ['logits'], { logits: {} });
    const shapes = await shapesOf(network);
    const plan = planWithoutTwins(network, shapes, ['logits']);
    const cut = prune(network, shapes, plan);
    const { model, layers, left } = await heal({ network, shapes, plan, cut, head: '' }, imagesFor(network), PARTS);
    const fitted = layers.filter(({ layer }) => layer === 'first' || layer === 'second');
    expect(fitted.map(({ layer }) => layer)).toEqual(healed);
    expect(left.map(({ layer }) => layer)).toEqual(healed.length > 0 ? [] : ['first', 'second']);
    for (const { note } of fitted) expect(note).toMatch(why);
    for (const { reason } of left) expect(reason).toMatch(why);
    for (const { after } of fitted) expect(after).toBeLessThan(1e-5);
    const weights = model.graph!.node.flatMap(({ name, input }) => (/first|second/.test(name) ? [input[1]] : []));
    expect(new Set(weights).size).toBe(1);
  });

  it('leaves the head alone, and what lost nothing', async () => {
    const { request, images } = await cutCase(smallNets['vgg']!(4), 0.5);
    const { model, layers } = await heal(request, images, PARTS);
    expect(layers.map(({ layer }) => layer)).toEqual(['conv2', 'conv3', 'conv4', 'conv5']);
    const tensors = ({ graph }: ModelProto): ReadonlyMap<string, Uint8Array> =>
      new Map(graph!.initializer.map(({ name, rawData }) => [name, rawData]));
    const after = tensors(model);
    const changed = [...tensors(request.cut)].filter(([name, bytes]) => !Buffer.from(bytes).equals(after.get(name)!));
    expect(changed.map(([name]) => name)).toEqual(layers.flatMap(({ layer }) => [`${layer}.weight`, `${layer}.bias`]));
  });

  it('gives the same weights again, and others for another seed', async () => {
    const { request, images } = await cutCase(smallNets['vgg']!(4), 0.5);
    const bytes = async (seed: number): Promise<Buffer> =>
      Buffer.from(encodeModel((await heal({ ...request, seed }, images, PARTS)).model));
    const first = await bytes(3);
    expect((await bytes(3)).equals(first)).toBe(true);
    expect((await bytes(4)).equals(first)).toBe(false);
  });

  it.each([
    ['with nothing kept between its steps', { storedBytes: 0 }, 32],
    ['image by image', {}, 1],
  ])('heals as well %s', async (_, options, batch) => {
    const { request, images } = await cutCase(smallNets['residual']!(4), 0.5);
    const usual = await heal(request, images, PARTS);
    const spec = { ...images.spec, ...(batch === 1 ? { batch } : {}) };
    const other = await heal({ ...request, ...options }, { ...images, spec }, PARTS);
    other.layers.forEach(({ layer, after, before }, i) => {
      expect(layer).toBe(usual.layers[i]!.layer);
      expect(after).toBeLessThan(before);
      expect(Math.abs(after - usual.layers[i]!.after)).toBeLessThan(batch === 1 ? 0.1 : 1e-3);
    });
  });

  it('heals several cuts of one network as it heals each of them alone', async () => {
    const cases = [await cutCase(smallNets['vgg']!(4), 0.5), await cutCase(smallNets['vgg']!(4), 0.3)];
    const { images } = cases[0]!;
    const together = await healAll(
      cases.map(({ request }) => request),
      { seed: 3 },
      images,
      PARTS,
    );
    for (const [i, { request }] of cases.entries()) {
      const { model, layers } = await heal({ ...request, seed: 3 }, images, PARTS);
      expect(together[i]!.layers).toEqual(layers);
      expect(Buffer.from(encodeModel(together[i]!.model)).equals(Buffer.from(encodeModel(model)))).toBe(true);
    }
  });

  it('stops when it is canceled', async () => {
    const { request, images } = await cutCase(smallNets['vgg']!(4), 0.5);
    const context = { ...images.context, signal: AbortSignal.abort() };
    await expect(heal(request, { ...images, context }, PARTS)).rejects.toThrow();
  });

  it.each(['faces-identity', 'faces-head-pose', 'residual'])(
    'keeps more of what the whole network says of three tasks than folded means do: %s',
    async (name) => {
      const file = new URL(`${name}.onnx`, NETWORKS);
      const whole = name === 'residual' ? smallNets['residual']!(4) : decodeModel(await readFile(file));
      const { request, images, tap } = await cutCase(whole, 0.6);
      const { model } = await heal(request, images, PARTS);
      const folded = await foldMeans(request, images, PARTS.train);
      const [from, ours, theirs] = [
        await features(request.network, tap, images),
        await features(model, tap, images),
        await features(folded, tap, images),
      ];
      for (const task of ['yaw', 'age', 'gender']) {
        const answer = Float64Array.from(said(from, dataset.manifest.labels[task]!, range(0, IMAGES)));
        const wanted = [...answer.subarray(PARTS.validation[0])].slice(0, PARTS.validation.length);
        const kept = (network: Float32Array): number => 1 - missed(said(network, answer, PARTS.validation), wanted);
        expect({ task, healed: kept(ours) > kept(theirs), ours: kept(ours), theirs: kept(theirs) }).toMatchObject({
          healed: true,
        });
      }
    },
    120_000,
  );
});

/** A network cut behind its last map, with a linear head in place, and pruned by L1. */
async function cutCase(model: ModelProto, ratio: number) {
  const tap = findTaps(model, await shapesOf(model)).findLast(({ rank }) => rank === 4)!;
  const head = {
    name: 'head',
    outputName: 'answer',
    weights: new Float64Array(tap.channels),
    bias: new Float64Array(1),
  };
  const network = truncate(model, tap, head);
  const shapes = await shapesOf(network);
  const plan = l1Plan(network, analyzeChannels(network, shapes), ratio);
  const request = { network, shapes, plan, cut: prune(network, shapes, plan), head: 'head' };
  return { request, images: imagesFor(network), tap };
}

/** Pooled responses of a network at its head, N × channels. */
async function features(
  model: ModelProto,
  { value }: { readonly value: string },
  images: Images,
): Promise<Float32Array> {
  const graph = new Graph(model);
  const weight = graph.initializer(graph.proto.node.find(({ name }) => name === 'head')!.input[1]!)!;
  const tap = { layer: 'last', value, channels: Number(weight.dims[1]) };
  return (await pooledOver(model, [tap], images, range(0, IMAGES))).responses.get('last')!;
}

/** What a linear head that is fitted to one number for each image says of some rows. */
function said(responses: Float32Array, labels: Float64Array, rows: Int32Array): number[] {
  const [first, last] = [PARTS.validation[0]!, PARTS.validation.at(-1)!];
  const split = Uint8Array.from({ length: IMAGES }, (_, row) =>
    row < first ? TRAIN : row <= last ? VALIDATION : TEST,
  );
  const task = { name: 'answer', type: 'continuous', targets: ['answer'] } as const;
  const { weights, bias } = fitHead({ responses, labels, task, split });
  return [...linearScores(responses, rows, weights, bias)];
}
