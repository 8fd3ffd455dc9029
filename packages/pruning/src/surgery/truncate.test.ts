import { cloneModel, encodeModel, Graph, type ModelProto, smallNets, validateGraph, valueInfo } from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { channelsLastNet } from '../testing/analyse.ts';
import { measureShapes, noise, run } from '../testing/ort.ts';
import { expectCostAsPlanned, expectProved, provePlan } from '../testing/prove-plan.ts';
import { headInput } from './head-input.ts';
import { prune } from './prune.ts';
import { FEATURES, truncate, truncatedShapes, truncateToFeatures } from './truncate.ts';

const base = async (name = 'residual') => {
  const model = smallNets[name]!(1);
  const shapes = await measureShapes(model);
  const analysis = analyzeChannels(model, shapes);
  const tap = analysis.taps[2]!;
  const head = {
    name: 'head',
    weights: Float64Array.from(noise([2 * tap.channels], 4)),
    bias: Float64Array.of(0.5, -1),
    outputName: 'yaw',
  };
  return { model, shapes, analysis, tap, head };
};
const image = noise([3, 3, 16, 16], 5);
const feed = [{ name: 'image', dims: [3, 3, 16, 16], data: image }];

it('a truncated model gives W · mean(tap) + b, and ends at the tap', async () => {
  const { model, tap, head } = await base();
  const truncated = truncate(model, tap, head, { epsilon: '0.01' });
  validateGraph(truncated);
  const features = (await run(encodeModel(truncateToFeatures(model, tap)), feed)).get(FEATURES)!;
  expect(features.dims).toEqual([3, tap.channels]);
  const yaw = (await run(encodeModel(truncated), feed)).get('yaw')!;
  expect(yaw.dims).toEqual([3, 2]);
  for (let n = 0; n < 3; n++) {
    for (let t = 0; t < 2; t++) {
      let expected = head.bias[t]!;
      for (let c = 0; c < tap.channels; c++)
        expected += head.weights[t * tap.channels + c]! * features.data[n * tap.channels + c]!;
      expect(yaw.data[n * 2 + t]).toBeCloseTo(expected, 4);
    }
  }
  expect(truncated.metadataProps.map(({ key, value }) => [key, value])).toEqual([['epsilon', '0.01']]);
  expect(truncated.graph!.node.map((node) => node.name)).not.toContain('logits');
  expect(truncated.opsetImport).toEqual(model.opsetImport);
});

it('features are the mean of the tap over space', async () => {
  const { model, tap } = await base('vgg');
  const bare = truncateToFeatures(model, tap);
  const features = (await run(encodeModel(bare), feed)).get(FEATURES)!;
  bare.graph!.node = bare.graph!.node.filter((node) => !node.output.some((output) => output.startsWith('kneepoint_')));
  bare.graph!.output[0]!.name = tap.value;
  delete (bare.graph!.output[0] as { type?: unknown }).type;
  const { dims, data } = (await run(encodeModel(bare), feed)).get(tap.value)!;
  const area = dims[2]! * dims[3]!;
  for (let i = 0; i < features.data.length; i++) {
    const mean = [...data.subarray(i * area, (i + 1) * area)].reduce((sum, value) => sum + value, 0) / area;
    expect(features.data[i]).toBeCloseTo(mean, 4);
  }
});

it('its shapes follow without running it, and its filters can go', async () => {
  const { model, shapes, tap, head } = await base();
  const truncated = truncate(model, tap, head);
  const given = truncatedShapes(shapes, tap, { outputName: 'yaw', targets: 2 });
  for (const [name, dims] of await measureShapes(truncated)) expect([name, given.get(name)]).toEqual([name, dims]);
  const { plan, proof } = await provePlan(truncated);
  expect(plan.frozen.map(({ layer }) => layer)).toEqual(['head']);
  expectProved(proof);
  const pruned = prune(truncated, given, randomPlan(analyzeChannels(truncated, given), 0.5, 1));
  const features = (await run(encodeModel(truncateToFeatures(pruned, tap)), feed)).get(FEATURES)!;
  expect(features.dims).toEqual([3, plan.layers.find((layer) => layer.name === tap.layer)!.kept.length]);
});

it.each([
  [{ weights: new Float64Array(3) }, 'HEAD_BAD_SHAPE'],
  [{ bias: new Float64Array(0) }, 'HEAD_BAD_SHAPE'],
  [{ bias: Float64Array.of(0, Number.NaN) }, 'HEAD_BAD_SHAPE'],
])('a head that does not fit is refused: %o', async (wrong, code) => {
  const { model, tap, head } = await base();
  expect(() => truncate(model, tap, { ...head, ...wrong })).toThrow(expect.objectContaining({ code }));
});

it('a tap of another network is refused', async () => {
  const { model, tap, head } = await base();
  expect(() => truncate(model, { ...tap, value: 'elsewhere' }, head)).toThrow(
    expect.objectContaining({ code: 'TAP_NOT_FOUND', message: 'no node makes the value elsewhere' }),
  );
  expect(new Graph(model).producer(tap.value)).toBeDefined();
});

it.each([
  ['a residual sum', 'residual', 'add1'],
  ['a hidden dense layer', 'vggFlat', 'fc1'],
  ['a dense layer that works at every position', 'channelsLast', 'wide'],
])('a model can end at %s, keeps its taps, and can be cut', async (_, name, layer) => {
  const model = name === 'channelsLast' ? channelsLastNet() : smallNets[name]!(1);
  const shapes = await measureShapes(model);
  const { taps } = analyzeChannels(model, shapes);
  const tap = taps.find((candidate) => candidate.layer === layer)!;
  const features = (await run(encodeModel(truncateToFeatures(model, tap)), feed)).get(FEATURES)!;
  expect(features.dims).toEqual([3, tap.channels]);
  const head = {
    name: 'head',
    weights: new Float64Array(tap.channels).fill(1),
    bias: Float64Array.of(2),
    outputName: 'age',
  };
  const truncated = truncate(model, tap, head);
  validateGraph(truncated);
  const age = (await run(encodeModel(truncated), feed)).get('age')!;
  for (let n = 0; n < 3; n++) {
    const own = Array.from(features.data).slice(n * tap.channels, (n + 1) * tap.channels);
    expect(age.data[n]).toBeCloseTo(2 + own.reduce((sum, value) => sum + value, 0), 3);
  }
  const known = truncatedShapes(shapes, tap, { outputName: 'age', targets: 1 });
  const measured = await measureShapes(truncated);
  for (const [value, dims] of measured) expect(known.get(value)).toEqual(dims);
  const readings = (list: typeof taps) => list.map(({ classes: _ids, ...reading }) => reading);
  expect(readings(analyzeChannels(truncated, known).taps)).toEqual(readings(taps.slice(0, tap.order + 1)));
  const { proof } = await provePlan(truncated);
  expectProved(proof);
});

/** Means over adaptive cells [⌊i·n/2⌋, ⌈(i + 1)·n/2⌉) of N × C × H × W. */
function grid({ dims, data }: { readonly dims: readonly number[]; readonly data: ArrayLike<number> }): number[] {
  const [images, channels, height, width] = dims as [number, number, number, number];
  const cells = (n: number) => [0, 1].map((i) => [Math.floor((i * n) / 2), Math.ceil(((i + 1) * n) / 2)] as const);
  return Array.from({ length: images * channels }, (_, plane) => plane).flatMap((plane) =>
    cells(height).flatMap(([top, bottom]) =>
      cells(width).map(([left, right]) => {
        let sum = 0;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += data[(plane * height + y) * width + x]!;
        return sum / (bottom - top) / (right - left);
      }),
    ),
  );
}

/** Maps of 2 × 2, an odd size, one behind a sum, and one of a net whose channels lie last. */
const GRIDDED = [
  ['an even map', 'residual', 16],
  ['an odd map', 'residual', 13],
  ['a map of 3 × 3', 'vgg', 12],
  ['a large map, in two stages,', 'concat', 40],
] as const;

it.each(GRIDDED)(
  'on a grid, of %s, it gives W · means of the cells + b; a channel that goes takes its four features along',
  async (_, net, side) => {
    const model = resized(smallNets[net]!(2), side);
    const shapes = await measureShapes(model);
    const { taps } = analyzeChannels(model, shapes);
    const tap = taps.filter(({ size }) => size?.every((length) => length > 1)).at(-1)!;
    const features = 4 * tap.channels;
    const weights = Float64Array.from(noise([2 * features], 4));
    const truncated = truncate(model, tap, {
      name: 'head',
      pool: 2,
      weights,
      bias: Float64Array.of(0.5, -1),
      outputName: 'yaw',
    });
    validateGraph(truncated);
    expect(headInput(truncated)).toBe(FEATURES);
    const picture = [{ name: 'image', dims: [3, 3, side, side], data: noise([3, 3, side, side], 5) }];

    const open = cloneModel(model);
    open.graph!.output = [valueInfo(tap.value)];
    const means = grid((await run(encodeModel(open), picture)).get(tap.value)!);
    const read = (await run(encodeModel(truncateToFeatures(model, tap, 2)), picture)).get(FEATURES)!;
    expect(read.dims).toEqual([3, features]);
    means.forEach((mean, i) => expect(read.data[i]).toBeCloseTo(mean, 4));
    const yaw = (await run(encodeModel(truncated), picture)).get('yaw')!;
    yaw.data.forEach((value, i) => {
      let expected = i % 2 === 0 ? 0.5 : -1;
      for (let f = 0; f < features; f++)
        expected += weights[(i % 2) * features + f]! * means[Math.floor(i / 2) * features + f]!;
      expect(value).toBeCloseTo(expected, 3);
    });

    const given = truncatedShapes(shapes, tap, { outputName: 'yaw', targets: 2, pool: 2 });
    for (const [name, dims] of await measureShapes(truncated)) expect([name, given.get(name)]).toEqual([name, dims]);
    const proved = await provePlan(truncated);
    expectProved(proved.proof);
    await expectCostAsPlanned(truncated, proved);
    const kept = proved.plan.layers.find(({ name }) => name === tap.layer)?.kept.length ?? tap.channels / 2;
    const head = proved.pruned.graph!.initializer.find(({ name }) => name === 'head.weight')!;
    expect(kept).toBeLessThan(tap.channels);
    expect(head.dims.map(Number)).toEqual([2, 4 * kept]);
  },
);

it('a map of 2 × 2 is flattened as it is', async () => {
  const model = resized(smallNets['vgg']!(2), 8);
  const { taps } = analyzeChannels(model, await measureShapes(model));
  const tap = taps.find(({ size }) => size?.every((length) => length === 2))!;
  const bare = truncateToFeatures(model, tap, 2);
  expect(bare.graph!.node.at(-1)!).toMatchObject({ opType: 'Flatten', input: [tap.value] });
});

it('a grid of a dense layer at every position stands by channel', async () => {
  const model = channelsLastNet();
  const shapes = await measureShapes(model);
  const tap = analyzeChannels(model, shapes).taps.find(({ layer }) => layer === 'wide')!;
  const open = cloneModel(model);
  open.graph!.output = [valueInfo(tap.value)];
  const { dims, data } = (await run(encodeModel(open), feed)).get(tap.value)!;
  const [images, height, width, channels] = dims as [number, number, number, number];
  const turned = new Float32Array(data.length);
  Float32Array.from(data as Float32Array).forEach((value, i) => {
    const position = Math.floor(i / channels) % (height * width);
    turned[(Math.floor(i / channels / height / width) * channels + (i % channels)) * height * width + position] = value;
  });
  const means = grid({ dims: [images, channels, height, width], data: turned });
  const read = (await run(encodeModel(truncateToFeatures(model, tap, 2)), feed)).get(FEATURES)!;
  expect(read.dims).toEqual([images, 4 * channels]);
  means.forEach((mean, i) => expect(read.data[i]).toBeCloseTo(mean, 4));
});

it('a grid of a layer without positions is refused', async () => {
  const model = smallNets['vggFlat']!(1);
  const tap = analyzeChannels(model, await measureShapes(model)).taps.find(({ layer }) => layer === 'fc1')!;
  expect(() => truncateToFeatures(model, tap, 2)).toThrow(
    expect.objectContaining({ code: 'HEAD_BAD_SHAPE', message: 'maps of no two axes have no 2 × 2 grid' }),
  );
});

/** The same network for images of another size. */
function resized(model: ModelProto, side: number): ModelProto {
  const copy = cloneModel(model);
  copy.graph!.input = [valueInfo('image', ['N', 3, side, side])];
  copy.graph!.valueInfo = [];
  return copy;
}
