import type { ModelProto } from '@kneepoint/onnx';
import { DataType, floatTensor, intTensor, Layers } from '@kneepoint/onnx';

const scalar = (net: Layers, value: number) => net.graph.init(floatTensor([], [value]));
const perChannel = (net: Layers, values: readonly number[]) =>
  net.graph.init(floatTensor([1, values.length, 1, 1], values));
const times = (net: Layers, x: string, factor: number) => net.pointwise('Mul', [x, scalar(net, factor)]);
const plus = (net: Layers, x: string, term: number) => net.pointwise('Add', [x, scalar(net, term)]);

/** Ends a network behind a trunk of two blocks of 8 and 12 channels at 8 × 8. */
const ended =
  (end: (net: Layers, x: string) => void): (() => ModelProto) =>
  () => {
    const net = new Layers(5);
    end(net, net.block(net.block(net.image(3, 8), 8), 12));
    return net.build();
  };

const map = (net: Layers, x: string, channels = 4) => net.conv(x, channels, { kernel: 1 });

/** A chain of convolutions without a normalisation, each followed by `activation`. */
const chain =
  (depth: number, activation: string, width = 8) =>
  (): ModelProto => {
    const net = new Layers(5);
    let x = net.conv(net.image(3, 8), width);
    for (let i = 0; i < depth; i++) x = net.pointwise(activation, [net.conv(x, width)]);
    net.heads(x, { logits: 4 });
    return net.build();
  };

/** Networks of which a cut is right and yet hard to tell from a wrong one: by what makes it so. */
export const hardNets: Readonly<Record<string, () => ModelProto>> = {
  'answers near 1e-5 behind a sigmoid': ended((net, x) =>
    net.output(net.pointwise('Sigmoid', [plus(net, map(net, x, 1), -12)])),
  ),
  'answers near 1e-12 behind a softmax': ended((net, x) =>
    net.output(
      net.pointwise('Softmax', [net.pointwise('Add', [map(net, x), perChannel(net, [0, -28, -28, -28])])], { axis: 1 }),
    ),
  ),
  'answers near 1e30': ended((net, x) => net.output(times(net, times(net, map(net, x), 1e15), 1e15))),
  'answers of which some are infinite': ended((net, x) => net.output(net.pointwise('Log', [net.relu(map(net, x))]))),
  'the exponential of large numbers': ended((net, x) => net.output(net.pointwise('Exp', [times(net, map(net, x), 8)]))),
  'sigmoids that are saturated': ended((net, x) => {
    const gate = net.pointwise('Sigmoid', [times(net, net.conv(x, 12), 60)]);
    net.heads(net.conv(net.pointwise('Mul', [x, gate]), 8), { logits: 4 });
  }),
  'a softmax that is saturated': ended((net, x) => {
    const weights = net.pointwise('Softmax', [times(net, map(net, x, 6), 200)], { axis: 1 });
    net.heads(net.conv(weights, 6), { logits: 4 });
  }),
  'a normalisation of nearly constant values': ended((net, x) => {
    const flat = plus(net, times(net, map(net, x, 6), 1e-4), 3);
    const normal = net.pointwise(
      'InstanceNormalization',
      [flat, net.vector('s', 6, 1, 0.2), net.vector('b', 6, 0, 0.1)],
      {
        epsilon: { float: 1e-12 },
      },
    );
    net.heads(net.relu(net.conv(normal, 6)), { logits: 4 });
  }),
  'a difference of nearly equal numbers': ended((net, x) => {
    const y = map(net, x, 6);
    net.output(net.pointwise('Sub', [plus(net, y, 3000), scalar(net, 3000)]));
  }),
  'a division by nearly nothing': ended((net, x) => {
    const y = map(net, x, 6);
    net.output(net.pointwise('Div', [y, plus(net, net.pointwise('Abs', [map(net, x, 6)]), 1e-6)]));
  }),
  'sixty layers of ReLU': chain(60, 'Relu'),
  'sixteen layers of sigmoids': chain(16, 'Sigmoid'),
  'forty layers of tanh': chain(40, 'Tanh'),
  'forty layers of hard sigmoids': chain(40, 'HardSigmoid'),
  'thirty layers of a sine, which is chaos': chain(30, 'Sin', 12),
  'classes, the largest of scores that tie': ended((net, x) => {
    const rounded = times(net, net.pointwise('Round', [times(net, map(net, x), 2)]), 0.5);
    const near = net.pointwise('Add', [rounded, times(net, map(net, x), 1e-6)]);
    const top = net.graph.node('ArgMax', [near], { axis: 1 });
    net.graph.output(top, ['N', 1, 8, 8], DataType.INT64);
  }),
  'classes as floats': ended((net, x) => {
    const top = net.graph.node('ArgMax', [map(net, x)], { axis: 1 });
    net.graph.output(net.graph.node('Cast', [top], { to: DataType.FLOAT }), ['N', 1, 8, 8]);
  }),
  'a count of places': ended((net, x) => {
    const found = net.graph.node('Greater', [map(net, x), scalar(net, 0.1)]);
    const ones = net.graph.node('Cast', [found], { to: DataType.INT64 });
    const count = net.graph.node('ReduceSum', [ones, net.graph.init(intTensor([1, 2, 3]))], { keepdims: 0 });
    net.graph.output(count, ['N'], DataType.INT64);
  }),
  'places, as many as there are': ended((net, x) => {
    const y = map(net, x, 2);
    const places = net.graph.node('NonZero', [net.graph.node('Greater', [y, scalar(net, 0.1)])]);
    net.graph.output(places, [4, 'found'], DataType.INT64);
    net.output(y);
  }),
  'the best few and where they are': ended((net, x) => {
    const flat = net.graph.node('Flatten', [map(net, x)]);
    const [values, where] = net.graph.multi('TopK', [flat, net.graph.init(intTensor([7]))], 2);
    net.graph.output(values!, ['N', 7]);
    net.graph.output(where!, ['N', 7], DataType.INT64);
  }),
  'boxes in an order that rounding decides': ended((net, x) => {
    const perPlace = (y: string, width: number) =>
      net.graph.node('Transpose', [net.graph.node('Reshape', [y, net.graph.init(intTensor([0, width, 64]))])], {
        perm: [0, 2, 1],
      });
    let chaos = map(net, x, 1);
    for (let i = 0; i < 3; i++) chaos = net.pointwise('Sin', [times(net, chaos, 1000)]);
    const scores = perPlace(chaos, 1);
    const [best, where] = net.graph.multi('TopK', [scores, net.graph.init(intTensor([20]))], 2, { axis: 1 });
    const four = net.graph.node('Tile', [where!, net.graph.init(intTensor([1, 1, 4]))]);
    const boxes = net.graph.node('GatherElements', [perPlace(map(net, x), 4), four], { axis: 1 });
    net.graph.output(net.graph.node('Concat', [boxes, best!], { axis: 2 }), ['N', 20, 5]);
  }),
};
