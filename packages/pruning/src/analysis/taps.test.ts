import { floatTensor, intTensor, Layers, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyse, channelsLastNet } from '../testing/analyse.ts';
import { measureShapes } from '../testing/ort.ts';
import { analyzeChannels, findTaps } from './analysis.ts';

/** Builds one convolution of 8 filters and what follows it; gives the tap's value and the value where it should lie. */
async function tapAfter(follow: (net: Layers, x: string) => { tap: string; end: string }) {
  const net = new Layers(1);
  const { tap, end } = follow(net, net.conv(net.image(3, 8), 8));
  net.heads(net.note(end, [8, 8, 8]), { logits: 2 });
  const model = net.build();
  const [found] = findTaps(model, await measureShapes(model));
  return { found, tap };
}

const same = (tap: string) => ({ tap, end: tap });
const gate = (net: Layers, x: string, op: string) => net.pointwise('Mul', [x, net.pointwise(op, [x])]);

describe('a tap lies after the activation and before what mixes or pools', () => {
  it.each<[string, (net: Layers, x: string) => { tap: string; end: string }]>([
    ['ReLU', (net, x) => same(net.relu(x))],
    ['normalisation, then ReLU', (net, x) => same(net.relu(net.batchNorm(x)))],
    ['ReLU, then normalisation', (net, x) => same(net.batchNorm(net.relu(x)))],
    ['no activation at all', (_, x) => same(x)],
    ['PReLU', (net, x) => same(net.pointwise('PRelu', [x, net.weight('slope', [8, 1, 1])]))],
    [
      'a scale and shift left outside',
      (net, x) => same(net.relu(net.pointwise('Add', [x, net.weight('shift', [8, 1, 1])]))),
    ],
    ['Swish written as x · sigmoid(x)', (net, x) => same(gate(net, x, 'Sigmoid'))],
    ['HardSwish written as x · hardsigmoid(x)', (net, x) => same(gate(net, x, 'HardSigmoid'))],
    [
      'Clip, as ReLU6 is written',
      (net, x) =>
        same(net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [6]))])),
    ],
    [
      'a second activation is not part of it',
      (net, x) => ((tap) => ({ tap, end: net.pointwise('Tanh', [tap]) }))(net.relu(x)),
    ],
    [
      'a residual sum is not part of it',
      (net, x) => ((tap) => ({ tap, end: net.pointwise('Add', [tap, net.relu(tap)]) }))(net.batchNorm(x)),
    ],
    ['an output of the graph is not passed', (net, x) => (net.graph.output(x), { tap: x, end: net.relu(x) })],
  ])('%s', async (_, follow) => {
    const { found, tap } = await tapAfter(follow);
    expect(found).toMatchObject({ layer: 'conv1', value: tap, channels: 8, order: 0 });
  });
});

describe('max-feature-map, which no rule names', () => {
  const slices = (net: Layers, x: string) => {
    const part = (start: number) =>
      net.graph.node('Slice', [x, ...[start, start + 4, 1].map((n) => net.graph.init(intTensor([n])))]);
    return net.note(net.graph.node('Max', [part(0), part(4)]), [4, 8, 8]);
  };

  it('is tapped at its maximum, and channel k ties filters k and k + n (paper §7.3)', async () => {
    const model = smallNets.mfm!(1);
    const analysis = analyzeChannels(model, await measureShapes(model));
    const conv = analysis.layers[0]!;
    expect(analysis.taps[0]).toMatchObject({ layer: conv.name, channels: 6 });
    expect(analysis.taps[0]!.classes).toEqual(conv.classes.slice(0, 6));
    expect(conv.classes.slice(6)).toEqual(conv.classes.slice(0, 6));
    for (const id of conv.classes.slice(0, 6)) {
      const own = analysis.classes[id]!.members.find((member) => member.layer === conv.name)!;
      expect(own.filters).toEqual([conv.classes.indexOf(id), conv.classes.indexOf(id) + 6]);
    }
  });

  it('is found as two Slices too', async () => {
    const net = new Layers(1);
    const max = slices(net, net.conv(net.image(3, 8), 8));
    net.heads(max, { logits: 2 });
    const model = net.build();
    expect(findTaps(model, await measureShapes(model))[0]).toMatchObject({ value: max, channels: 4 });
  });
});

describe('max-feature-map, as exporters write it', () => {
  const halves = (net: Layers, x: string, turned: boolean) => {
    const part = (start: number) =>
      net.graph.node('Slice', [x, ...[start, start + 4, 1].map((n) => net.graph.init(intTensor([n])))]);
    const parts = [part(0), part(4)];
    return net.note(net.graph.node('Max', turned ? parts.reverse() : parts), [4, 8, 8]);
  };

  it.each([false, true])('is the same in either order of its halves (%s)', async (turned) => {
    const net = new Layers(1);
    const max = halves(net, net.conv(net.image(3, 8), 8), turned);
    net.heads(max, { logits: 2 });
    const { analysis } = await analyse(net.build());
    expect(analysis.taps[0]).toMatchObject({ layer: 'conv1', value: max, channels: 4 });
    expect(analysis.taps[0]!.classes).toEqual(analysis.layers[0]!.classes.slice(0, 4));
  });

  it('of a sum is where the sum is read', async () => {
    const net = new Layers(1);
    const image = net.image(3, 8);
    const max = halves(net, net.pointwise('Add', [net.conv(image, 8), net.conv(image, 8)]), false);
    net.heads(max, { logits: 2 });
    const { analysis } = await analyse(net.build());
    expect(analysis.taps.map(({ layer, channels }) => [layer, channels])).toEqual([
      ['conv1', 8],
      ['conv2', 8],
      ['add1', 4],
    ]);
    expect(analysis.taps[2]!.value).toBe(max);
  });
});

describe('a sum of a residual block', () => {
  it('is a tap of its own, behind its activation, and reads the classes of the stream', async () => {
    const { analysis } = await analyse('residual');
    expect(analysis.taps.map((tap) => tap.layer)).toEqual([
      ...['conv1', 'conv2', 'conv3', 'add1', 'conv4', 'conv5', 'conv6', 'add2'],
    ]);
    expect(analysis.taps.map((tap) => tap.order)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const sum = analysis.taps[3]!;
    expect(sum.value).toBe('relu3');
    expect(sum.classes).toEqual(analysis.layers.find((layer) => layer.name === 'conv3')!.classes);
    // A layer's own tap is where it is read itself.
    expect(analysis.layers.find((layer) => layer.name === 'conv3')!.tap).toBe('bn3');
  });

  it('is read before normalisation when the stream goes on unnormalised', async () => {
    const net = new Layers(1);
    const stem = net.conv(net.image(3, 8), 4);
    const sum = net.pointwise('Add', [net.conv(net.relu(net.batchNorm(stem)), 4), stem]);
    net.heads(net.pointwise('Add', [net.conv(net.relu(net.batchNorm(sum)), 4), sum]), { logits: 2 });
    const { analysis } = await analyse(net.build());
    expect(analysis.taps.map(({ layer, value }) => [layer, value])).toEqual([
      ['conv1', 'conv1'],
      ['conv2', 'conv2'],
      ['add1', 'add1'],
      ['conv3', 'conv3'],
      ['add2', 'add2'],
    ]);
  });

  it('is not one with a bias, a value spread over it, or a gate, nor are channels joined', async () => {
    const net = new Layers(1);
    const x = net.conv(net.image(3, 8), 4);
    const biased = net.pointwise('Add', [x, net.weight('shift', [4, 1, 1])]);
    const spread = net.pointwise('Add', [net.relu(biased), net.conv(net.globalPool(x), 4, { kernel: 1 })]);
    net.heads(net.concat([spread, net.relu(biased)]), { logits: 2 });
    const { analysis } = await analyse(net.build());
    expect(analysis.taps.map((tap) => tap.layer)).toEqual(['conv1', 'conv2']);
  });
});

it('a hidden dense layer is tapped behind its activation, the answer is not', async () => {
  const { analysis } = await analyse('vggFlat');
  expect(analysis.taps.at(-1)).toMatchObject({ layer: 'fc1', value: 'relu3', channels: 10, rank: 2, axis: 1 });
  expect(analysis.taps.at(-1)!.classes).toEqual(analysis.layers.find(({ name }) => name === 'fc1')!.classes);
});

it('a hidden dense layer that works at every position has its channels last', async () => {
  const { analysis } = await analyse(channelsLastNet());
  const [conv, wide, ...others] = analysis.taps;
  expect(conv).toMatchObject({ layer: 'conv1', axis: 1 });
  expect(wide).toMatchObject({ layer: 'wide', value: 'mul2', channels: 12, rank: 4, axis: 3 });
  expect(wide!.classes).toEqual(analysis.layers.find(({ name }) => name === 'wide')!.classes);
  expect(others.map(({ layer }) => layer)).toEqual(['narrow']);
});

it('taps come in graph order, one for each layer but the answer, and name existing values', async () => {
  for (const name of Object.keys(smallNets)) {
    const { analysis } = await analyse(name);
    const layers = analysis.layers.filter((layer) => layer.tap !== undefined).map((layer) => layer.name);
    const names = analysis.taps.map((tap) => tap.layer);
    expect(names.filter((tap) => layers.includes(tap))).toEqual(layers);
    expect(new Set(names).size).toBe(names.length);
    expect(analysis.layers.filter((layer) => layer.op === 'Conv' && layer.tap === undefined)).toEqual([]);
    expect(analysis.taps.map((tap) => tap.order)).toEqual(names.map((_, i) => i));
    for (const tap of analysis.taps) {
      expect(analysis.shapes.get(tap.value)?.[tap.axis]).toBe(tap.channels);
      expect(tap.classes.every((id) => id >= 0)).toBe(true);
    }
  }
});
