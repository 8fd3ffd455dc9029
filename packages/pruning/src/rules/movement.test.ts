import type { Layers } from '@kneepoint/onnx';
import { DataType, floatTensor, intTensor } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import type { Middle } from '../testing/middle.ts';
import { constant, expectPasses, expectStops, noted, perChannel, pointwise } from '../testing/middle.ts';

const scalar = (net: Layers, value: number) => net.graph.init(intTensor([value], []));
/** The size of one axis of a value, as a list of one. */
const size = (net: Layers, x: string, axis: number) =>
  net.graph.node('Slice', [net.graph.node('Shape', [x]), constant(net, axis), constant(net, axis + 1)]);
const sizes = (net: Layers, ...parts: string[]) => net.graph.node('Concat', parts, { axis: 0 });

/** Resize to sizes that the graph works out, with the number of channels as it was written down. */
const resizeTo =
  (opset: number): Middle =>
  (net, x) => {
    const wanted = sizes(net, size(net, x, 0), constant(net, 8, 16, 16));
    const inputs =
      opset < 13
        ? [x, net.graph.init(floatTensor([0], [])), net.graph.init(floatTensor([0], [])), wanted]
        : [x, '', '', wanted];
    return noted(net, net.graph.node('Resize', inputs, { mode: 'nearest' }), 8, 16, 16);
  };

const PASSING: readonly [string, Middle, number?][] = [
  ['Resize to sizes of which one follows the batch', resizeTo(17)],
  ['Resize to such sizes, opset 11', resizeTo(11), 11],
  [
    'Resize to the size of another value',
    (net, x) => {
      const space = net.graph.node('Slice', [
        net.graph.node('Shape', [net.conv(x, 3)]),
        constant(net, 2),
        constant(net, 4),
      ]);
      const own = net.graph.node('Slice', [net.graph.node('Shape', [x]), constant(net, 0), constant(net, 2)]);
      return noted(
        net,
        net.graph.node('Resize', [net.maxPool(x), '', '', sizes(net, own, space)], { mode: 'linear' }),
        8,
        8,
        8,
      );
    },
  ],
  [
    'Resize by axes',
    (net, x) => noted(net, net.graph.node('Resize', [x, '', '', constant(net, 4, 4)], { axes: [2, 3] }), 8, 4, 4),
    18,
  ],
  [
    'Upsample with scales as an input',
    (net, x) => noted(net, net.graph.node('Upsample', [x, net.graph.init(floatTensor([4], [1, 1, 2, 2]))]), 8, 16, 16),
    9,
  ],
  [
    'Gather of a single channel beside the whole',
    (net, x) => {
      const one = net.graph.node('Gather', [x, scalar(net, 5)], { axis: 1 });
      return net.pointwise('Mul', [x, net.graph.node('Unsqueeze', [one, constant(net, 1)])]);
    },
  ],
  [
    'Gather of places',
    (net, x) => {
      const places = net.graph.node('Gather', [x, net.graph.init(intTensor([0, 3, 1, 2], [2, 2]))], { axis: 3 });
      return noted(net, net.graph.node('Reshape', [places, constant(net, 0, 0, 8, -1)]), 8, 8, 4);
    },
  ],
  [
    'Slice of every other channel',
    (net, x) =>
      noted(
        net,
        net.graph.node('Slice', [x, constant(net, 0), constant(net, 8), constant(net, 1), constant(net, 2)]),
        4,
        8,
        8,
      ),
  ],
  [
    'Slice of all channels backwards, opset 11',
    (net, x) =>
      noted(
        net,
        net.graph.node('Slice', [x, constant(net, -1), constant(net, -9), constant(net, 1), constant(net, -1)]),
        8,
        8,
        8,
      ),
    11,
  ],
  [
    'Slice by attributes',
    (net, x) => noted(net, net.graph.node('Slice', [x], { starts: [2], ends: [7], axes: [1] }), 5, 8, 8),
    9,
  ],
  [
    'Split by an attribute',
    (net, x) => {
      const [a, b] = net.graph.multi('Split', [x], 2, { axis: 1, split: [3, 5] });
      return net.concat([noted(net, b!, 5, 8, 8), noted(net, a!, 3, 8, 8)]);
    },
    11,
  ],
  [
    'Split by a number of outputs',
    (net, x) => {
      const [a, b] = net.graph.multi('Split', [x], 2, { axis: 1, num_outputs: 2 });
      return net.pointwise('Add', [noted(net, a!, 4, 8, 8), noted(net, b!, 4, 8, 8)]);
    },
    18,
  ],
  [
    'Pad by an attribute, of channels',
    (net, x) => noted(net, net.graph.node('Pad', [x], { pads: [0, 1, 0, 0, 0, 2, 0, 0] }), 11, 8, 8),
    9,
  ],
  [
    'Pad along axes that are given',
    (net, x) => noted(net, net.graph.node('Pad', [x, constant(net, 1, 2), '', constant(net, 1)]), 11, 8, 8),
    18,
  ],
  [
    'Pad by reflection over space',
    (net, x) =>
      noted(net, net.graph.node('Pad', [x, constant(net, 0, 0, 1, 1, 0, 0, 1, 1)], { mode: 'reflect' }), 8, 10, 10),
  ],
  [
    'Squeeze and Unsqueeze with axes as attributes',
    (net, x) => {
      const flat = net.graph.node('Squeeze', [net.globalPool(x)], { axes: [2, 3] });
      return net.pointwise('Mul', [
        x,
        net.graph.node('Unsqueeze', [net.graph.node('Sigmoid', [flat])], { axes: [2, 3] }),
      ]);
    },
    12,
  ],
  [
    'a channel axis split in two and merged again',
    (net, x) => {
      const split = net.graph.node('Relu', [net.graph.node('Reshape', [x, constant(net, 0, 2, 4, 8, 8)])]);
      return noted(net, net.graph.node('Reshape', [split, constant(net, 0, -1, 8, 8)]), 8, 8, 8);
    },
  ],
  [
    'halves of channels weighed against each other (split attention)',
    (net, x) => {
      const split = net.graph.node('Reshape', [x, constant(net, 0, 4, 2, 8, 8)]);
      const weights = net.graph.node('Softmax', [split], { axis: 2 });
      const sum = net.graph.node('ReduceSum', [net.graph.node('Mul', [split, weights]), constant(net, 2)], {
        keepdims: 0,
      });
      return noted(net, sum, 4, 8, 8);
    },
  ],
  ['Tile over space', (net, x) => noted(net, net.graph.node('Tile', [x, constant(net, 1, 1, 2, 1)]), 8, 16, 8)],
  ['Tile over channels', (net, x) => noted(net, net.graph.node('Tile', [x, constant(net, 1, 2, 1, 1)]), 16, 8, 8)],
  [
    'Expand of a gate',
    (net, x) => net.pointwise('Mul', [x, net.graph.node('Expand', [net.globalPool(x), net.graph.node('Shape', [x])])]),
  ],
  [
    'Expand to sizes of which one follows the batch',
    (net, x) =>
      net.pointwise('Mul', [
        x,
        net.graph.node('Expand', [net.globalPool(x), sizes(net, size(net, x, 0), constant(net, 8, 8, 8))]),
      ]),
  ],
  [
    'Expand of a constant for each channel',
    (net, x) =>
      net.pointwise('Add', [
        x,
        net.graph.node('Expand', [perChannel(net, [1, 8, 1, 1]), net.graph.node('Shape', [x])]),
      ]),
  ],
  [
    'coordinates repeated for the batch and joined as channels',
    (net, x) => {
      const target = sizes(net, size(net, x, 0), constant(net, 2, 8, 8));
      const grid = net.graph.node('Expand', [perChannel(net, [1, 2, 8, 8]), target]);
      return net.note(net.graph.node('Concat', [x, grid], { axis: 1 }), [10, 8, 8]);
    },
  ],
  [
    'a token repeated for the batch and joined to the others, whose channels it has',
    (net, x) => {
      const flat = net.graph.node('Reshape', [x, constant(net, 0, 8, 64)]);
      const tokens = net.graph.node('Transpose', [flat], { perm: [0, 2, 1] });
      const token = net.graph.node('Expand', [
        perChannel(net, [1, 1, 8]),
        sizes(net, size(net, x, 0), constant(net, 1, 8)),
      ]);
      const joined = net.graph.node('Concat', [token, tokens], { axis: 1 });
      const some = net.graph.node('Slice', [joined, constant(net, 0), constant(net, 64), constant(net, 1)]);
      const back = net.graph.node('Transpose', [some], { perm: [0, 2, 1] });
      return net.note(net.graph.node('Reshape', [back, constant(net, 0, -1, 8, 8)]), [8, 8, 8]);
    },
  ],
  [
    'zeros of the same shape',
    (net, x) => net.pointwise('Max', [x, net.graph.node('ConstantOfShape', [net.graph.node('Shape', [x])])]),
  ],
  [
    'zeros that a shortcut is filled up with',
    (net, x) => {
      const zeros = net.graph.node('ConstantOfShape', [sizes(net, size(net, x, 0), constant(net, 4, 8, 8))]);
      return net.pointwise('Add', [
        net.note(net.graph.node('Concat', [x, zeros], { axis: 1 }), [12, 8, 8]),
        net.conv(x, 12),
      ]);
    },
  ],
  ['CumSum over space', (net, x) => net.pointwise('CumSum', [x, scalar(net, 2)])],
  [
    'TopK over space',
    (net, x) => noted(net, net.graph.multi('TopK', [x, constant(net, 3)], 2, { axis: -1 })[0]!, 8, 8, 3),
  ],
  [
    'places chosen by TopK',
    (net, x) => {
      const rows = net.graph.node('ReduceMean', [net.conv(x, 1)], { axes: [0, 1, 3], keepdims: 0 });
      const places = net.graph.multi('TopK', [rows, constant(net, 3)], 2)[1]!;
      return noted(net, net.graph.node('Gather', [x, places], { axis: 2 }), 8, 3, 8);
    },
  ],
  [
    'MaxPool with positions, and MaxUnpool',
    (net, x) => {
      const [pooled, positions] = net.graph.multi('MaxPool', [x], 2, { kernel_shape: [2, 2], strides: [2, 2] });
      const inner = net.conv(noted(net, pooled!, 8, 4, 4), 8);
      return noted(
        net,
        net.graph.node('MaxUnpool', [inner, positions!], { kernel_shape: [2, 2], strides: [2, 2] }),
        8,
        8,
        8,
      );
    },
  ],
  [
    'GridSample',
    (net, x) => {
      const grid = net.graph.node('Tanh', [net.graph.node('Transpose', [net.conv(x, 2)], { perm: [0, 2, 3, 1] })]);
      return net.pointwise('GridSample', [x, grid]);
    },
  ],
  [
    'RoiAlign',
    (net, x) => {
      const boxes = net.graph.init(floatTensor([1, 4], [1, 1, 6, 7]));
      const sizes = { output_height: 4, output_width: 4, sampling_ratio: 2 };
      const box = net.graph.node('RoiAlign', [x, boxes, constant(net, 0)], sizes);
      return net.pointwise('Mul', [x, net.graph.node('GlobalMaxPool', [box])]);
    },
  ],
  ['GlobalLpPool', (net, x) => net.pointwise('Mul', [x, net.graph.node('GlobalLpPool', [x])])],
  [
    'ReduceMax over space with axes as an input',
    (net, x) => net.pointwise('Mul', [x, net.graph.node('ReduceMax', [x, constant(net, 2, 3)])]),
    18,
  ],
  [
    'ReduceLogSumExp over space',
    (net, x) => net.pointwise('Mul', [x, net.graph.node('ReduceLogSumExp', [x], { axes: [2, 3] })]),
  ],
  [
    'a convolution of three dimensions',
    (net, x) => {
      const deep = net.graph.node('Unsqueeze', [x, constant(net, 2)]);
      const conv = net.graph.node('Conv', [deep, perChannel(net, [6, 8, 1, 3, 3], 'w3')], { pads: [0, 1, 1, 0, 1, 1] });
      return noted(net, net.graph.node('Squeeze', [conv, constant(net, 2)]), 6, 8, 8);
    },
  ],
  [
    'a convolution of one dimension',
    (net, x) => {
      const flat = net.graph.node('Reshape', [x, constant(net, 0, 8, 64)]);
      const conv = net.graph.node('Conv', [flat, perChannel(net, [6, 4, 3], 'w1')], { pads: [1, 1], group: 2 });
      return noted(net, net.graph.node('Reshape', [conv, constant(net, 0, 6, 8, 8)]), 6, 8, 8);
    },
  ],
  [
    'a depthwise ConvTranspose with two filters for each channel',
    (net, x) =>
      noted(
        net,
        net.graph.node('ConvTranspose', [x, perChannel(net, [8, 2, 2, 2], 'w')], { strides: [2, 2], group: 8 }),
        16,
        16,
        16,
      ),
  ],
  [
    'a division by the number of channels, computed',
    (net, x) => {
      const count = net.graph.node('Cast', [size(net, x, 1)], { to: DataType.FLOAT });
      return net.pointwise('Div', [x, net.graph.node('Sqrt', [count])]);
    },
  ],
  [
    'a NHWC detour with a bias, a gate and a reduction',
    (net, x) => {
      const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
      const shifted = net.graph.node('Add', [last, perChannel(net, [8])]);
      const gate = net.graph.node('Sigmoid', [net.graph.node('ReduceMean', [shifted], { axes: [1, 2] })]);
      return noted(
        net,
        net.graph.node('Transpose', [net.graph.node('Mul', [shifted, gate])], { perm: [0, 3, 1, 2] }),
        8,
        8,
        8,
      );
    },
  ],
  ...(['Gelu', 'Mish'] as const).map((op): [string, Middle, number] => [op, pointwise(op), 20]),
];

const STOPPING: readonly [string, Middle, string, number?][] = [
  [
    'positions that something else counts with',
    (net, x) => {
      const [pooled, positions] = net.graph.multi('MaxPool', [x], 2, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
      const counted = net.graph.node('Cast', [positions!], { to: DataType.FLOAT });
      return net.note(net.graph.node('Add', [pooled!, net.graph.node('Sin', [counted])]), [8, 8, 8]);
    },
    'feeds maxpool1 (MaxPool), which gives positions that count channels',
  ],
  [
    'LRN, behind which sizes still follow the batch',
    (net, x) => {
      const inner = net.conv(net.pointwise('LRN', [x], { size: 3 }), 6);
      const flat = net.graph.node('Reshape', [inner, sizes(net, size(net, inner, 0), constant(net, 6, 64))]);
      return noted(
        net,
        net.graph.node('Reshape', [flat, sizes(net, size(net, flat, 0), constant(net, 6, 8, 8))]),
        6,
        8,
        8,
      );
    },
    'feeds lrn1 (LRN), which normalises over channels',
  ],
  [
    'TopK over channels',
    (net, x) => noted(net, net.graph.multi('TopK', [x, constant(net, 4)], 2, { axis: 1 })[0]!, 4, 8, 8),
    'feeds topk1 (TopK), which orders channels',
  ],
  [
    'Resize of the channel axis',
    (net, x) =>
      noted(
        net,
        net.graph.node('Resize', [x, '', net.graph.init(floatTensor([4], [1, 0.5, 1, 1]))], { mode: 'nearest' }),
        4,
        8,
        8,
      ),
    'feeds resize1 (Resize), which resizes the channel axis',
  ],
  [
    'Squeeze of whatever has size 1',
    (net, x) => {
      const flat = net.graph.node('Squeeze', [
        net.graph.node('Concat', [net.globalPool(x), net.globalPool(net.relu(x))], { axis: 0 }),
      ]);
      return net.pointwise('Mul', [
        x,
        net.graph.node('Unsqueeze', [net.graph.node('ReduceMean', [flat], { axes: [0] }), constant(net, 2, 3)]),
      ]);
    },
    'feeds squeeze1 (Squeeze), which drops every axis of size 1',
  ],
  [
    'GatherElements',
    (net, x) =>
      net.note(
        net.graph.node(
          'GatherElements',
          [x, net.graph.node('Cast', [net.graph.node('Greater', [x, perChannel(net, [1])])], { to: DataType.INT64 })],
          { axis: 1 },
        ),
        [8, 8, 8],
      ),
    'feeds gatherelements1 (GatherElements), which has no channel rule',
  ],
];

describe('movements and samplings that let channels go', () => {
  it.each(PASSING)('%s', (_, middle, opset) => expectPasses(middle, opset));
});

describe('movements that need every channel', () => {
  it.each(STOPPING)('%s', (_, middle, reason, opset) => expectStops(middle, reason, opset));
});
