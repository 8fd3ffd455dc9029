import { floatTensor, type Layers } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import type { Middle } from '../testing/middle.ts';
import { constant, expectPasses, expectStops, noted, perChannel, pointwise } from '../testing/middle.ts';

const scalar = (net: Layers, value: number) => net.graph.init(floatTensor([], [value]));
const ones = (net: Layers, count: number) => net.graph.init(floatTensor([count], new Array<number>(count).fill(1)));
const zeros = (net: Layers, count: number) => net.graph.init(floatTensor([count], new Array<number>(count).fill(0)));

/** (x − mean) / √(variance + ε) as exporters without the operator write it. */
const decomposed =
  (axes: readonly number[]): Middle =>
  (net, x) => {
    const mean = (value: string) => net.graph.node('ReduceMean', [value], { axes });
    const centred = net.graph.node('Sub', [x, mean(x)]);
    const variance = mean(net.graph.node('Pow', [centred, scalar(net, 2)]));
    const deviation = net.graph.node('Sqrt', [net.graph.node('Add', [variance, scalar(net, 1e-5)])]);
    const scaled = net.graph.node('Mul', [
      net.graph.node('Div', [centred, deviation]),
      perChannel(net, [8, 1, 1], 'g'),
    ]);
    return noted(net, net.graph.node('Add', [scaled, perChannel(net, [8, 1, 1], 'b')]), 8, 8, 8);
  };

/** Group normalisation as exporters before opset 21 write it; the sizes in numbers, or computed from the value. */
const byInstances =
  (groups: number, computed: boolean): Middle =>
  (net, x) => {
    const split = net.graph.node('Reshape', [x, constant(net, 0, groups, -1)]);
    const normal = net.graph.node('InstanceNormalization', [split, ones(net, groups), zeros(net, groups)]);
    const shape = computed ? net.graph.node('Shape', [x]) : constant(net, -1, 8, 8, 8);
    const whole = net.graph.node('Reshape', [normal, shape]);
    const scaled = net.graph.node('Mul', [whole, perChannel(net, [8, 1, 1], 'g')]);
    return noted(net, net.graph.node('Add', [scaled, perChannel(net, [8, 1, 1], 'b')]), 8, 8, 8);
  };

const groupNorm =
  (groups: number, parameters: number): Middle =>
  (net, x) =>
    net.pointwise('GroupNormalization', [x, perChannel(net, [parameters], 'g'), perChannel(net, [parameters], 'b')], {
      num_groups: groups,
    });

const PASSING: readonly [string, Middle, number?][] = [
  ['GroupNormalization with parameters for each group (opset 18)', groupNorm(4, 4), 18],
  ['GroupNormalization with parameters for each channel (opset 21)', groupNorm(4, 8), 21],
  ['GroupNormalization of one channel each', groupNorm(8, 8), 21],
  ['GroupNormalization in one group, of channels that stay', groupNorm(1, 8), 21],
  ['the same with one parameter for all', groupNorm(1, 1), 18],
  ['one group as a Reshape and an InstanceNormalization', byInstances(1, false)],
  ['group normalisation as a Reshape and an InstanceNormalization', byInstances(4, false)],
  ['the same with few wide groups and a computed shape', byInstances(2, true)],
  [
    'group normalisation by ReduceMean over a split axis',
    (net, x) => {
      const split = net.graph.node('Reshape', [x, constant(net, 0, 2, 4, 8, 8)]);
      const mean = net.graph.node('ReduceMean', [split], { axes: [2, 3, 4] });
      return noted(
        net,
        net.graph.node('Reshape', [net.graph.node('Sub', [split, mean]), constant(net, 0, 8, 8, 8)]),
        8,
        8,
        8,
      );
    },
  ],
  ['a decomposed layer normalisation over space', decomposed([2, 3])],
  ['a decomposed layer normalisation over channels, of those that stay', decomposed([1])],
  [
    'LayerNormalization over channels moved last, of those that stay',
    (net, x) => {
      const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
      const normal = net.graph.node('LayerNormalization', [last, perChannel(net, [8], 's'), perChannel(net, [8], 'b')]);
      return noted(net, net.graph.node('Transpose', [normal], { perm: [0, 3, 1, 2] }), 8, 8, 8);
    },
  ],
  [
    'LayerNormalization over channels and space',
    (net, x) => net.pointwise('LayerNormalization', [x, perChannel(net, [8, 8, 8])], { axis: 1 }),
  ],
  [
    'LayerNormalization over space, with its mean read too',
    (net, x) => {
      const [y, mean] = net.graph.multi('LayerNormalization', [x, perChannel(net, [8, 8])], 2, { axis: 2 });
      return noted(net, net.graph.node('Add', [y!, mean!]), 8, 8, 8);
    },
  ],
  ['MeanVarianceNormalization over images and space', pointwise('MeanVarianceNormalization')],
  ['LpNormalization over channels, where one at zero adds nothing', pointwise('LpNormalization', { axis: 1 })],
  [
    'a division by ReduceL2 over channels',
    (net, x) =>
      net.pointwise('Div', [
        x,
        net.graph.node('Max', [net.graph.node('ReduceL2', [x], { axes: [1] }), scalar(net, 1e-3)]),
      ]),
  ],
  [
    'InstanceNormalization of volumes',
    (net, x) => {
      const deep = net.graph.node('Unsqueeze', [x, constant(net, 2)]);
      const normal = net.graph.node('InstanceNormalization', [
        deep,
        perChannel(net, [8], 's'),
        perChannel(net, [8], 'b'),
      ]);
      return noted(net, net.graph.node('Squeeze', [normal, constant(net, 2)]), 8, 8, 8);
    },
  ],
];

const STOPPING: readonly [string, Middle, string, number?][] = [
  [
    'MeanVarianceNormalization over channels',
    pointwise('MeanVarianceNormalization', { axes: [1, 2, 3] }),
    'feeds meanvariancenormalization1 (MeanVarianceNormalization), which normalises over channels',
  ],
  [
    'an InstanceNormalization with computed parameters',
    (net, x) => {
      const style = net.linear(net.flatten(net.globalPool(x)), 8);
      const mean = net.graph.node('ReduceMean', [style], { axes: [0], keepdims: 0 });
      return net.pointwise('InstanceNormalization', [x, mean, perChannel(net, [8], 'b')]);
    },
    'feeds instancenormalization1 (InstanceNormalization), which has computed parameters',
  ],
];

describe('normalisations that let channels go', () => {
  it.each(PASSING)('%s', (_, middle, opset) => expectPasses(middle, opset));
});

describe('normalisations that need every channel', () => {
  it.each(STOPPING)('%s', (_, middle, reason, opset) => expectStops(middle, reason, opset));
});
