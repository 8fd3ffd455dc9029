import { floatTensor, intTensor, Layers, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { measureShapes } from '../testing/ort.ts';
import { analyzeChannels } from './analysis.ts';
import { findTaps } from './taps.ts';

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

it('taps come in graph order, one per convolution, and name existing values', async () => {
  for (const make of Object.values(smallNets)) {
    const model = make(1);
    const analysis = analyzeChannels(model, await measureShapes(model));
    const convs = analysis.layers.filter((layer) => layer.op === 'Conv').map((layer) => layer.name);
    expect(analysis.taps.map((tap) => tap.layer)).toEqual(convs);
    expect(analysis.taps.map((tap) => tap.order)).toEqual(convs.map((_, i) => i));
    for (const tap of analysis.taps) expect(tap.classes.every((id) => id >= 0)).toBe(true);
  }
});
