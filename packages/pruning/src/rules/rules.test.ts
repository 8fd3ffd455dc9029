import { floatTensor, intTensor } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import type { Middle } from '../testing/middle.ts';
import { constant, expectPasses, expectStops, noted, perChannel, pointwise } from '../testing/middle.ts';

const PASSING: readonly [string, Middle][] = [
  ...[
    'Relu',
    'LeakyRelu',
    'Elu',
    'Selu',
    'Celu',
    'Sigmoid',
    'HardSigmoid',
    'HardSwish',
    'Tanh',
    'Softplus',
    'Softsign',
  ].map((op): [string, Middle] => [op, pointwise(op)]),
  ...['Erf', 'Exp', 'Abs', 'Neg', 'Sin', 'Floor', 'Identity', 'Dropout', 'ThresholdedRelu'].map(
    (op): [string, Middle] => [op, pointwise(op)],
  ),
  [
    'Clip',
    (net, x) => net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [1]))]),
  ],
  ['PRelu with one slope per channel', (net, x) => net.pointwise('PRelu', [x, perChannel(net, [8, 1, 1])])],
  ['PRelu with one slope for all', (net, x) => net.pointwise('PRelu', [x, perChannel(net, [1])])],
  ['Add of a constant per channel', (net, x) => net.pointwise('Add', [x, perChannel(net, [1, 8, 1, 1])])],
  ['Mul by a constant per place', (net, x) => net.pointwise('Mul', [x, perChannel(net, [8, 8])])],
  [
    'Sub from a constant on the left',
    (net, x) => noted(net, net.graph.node('Sub', [perChannel(net, [8, 8, 8]), x]), 8, 8, 8),
  ],
  ['Add of itself, twice', (net, x) => net.pointwise('Sum', [x, net.relu(x), net.pointwise('Sigmoid', [x])])],
  ['Mean and Min of two', (net, x) => net.pointwise('Min', [net.pointwise('Mean', [x, net.relu(x)]), x])],
  [
    'Div by a squared branch',
    (net, x) => net.pointwise('Div', [x, net.pointwise('Add', [net.pointwise('Exp', [x]), perChannel(net, [1])])]),
  ],
  [
    'Where',
    (net, x) =>
      net.note(
        net.graph.node('Where', [net.graph.node('Greater', [x, perChannel(net, [1])]), x, net.relu(x)]),
        [8, 8, 8],
      ),
  ],
  [
    'an attention map spread over all channels',
    (net, x) => net.pointwise('Mul', [x, net.pointwise('Sigmoid', [net.conv(x, 1)])]),
  ],
  ['MaxPool with padding', pointwise('MaxPool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  ['AveragePool with padding', pointwise('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  ['GlobalMaxPool', (net, x) => net.pointwise('Add', [x, net.graph.node('GlobalMaxPool', [x])])],
  [
    'InstanceNormalization',
    (net, x) => net.pointwise('InstanceNormalization', [x, perChannel(net, [8], 's'), perChannel(net, [8], 'b')]),
  ],
  ['Softmax over space', pointwise('Softmax', { axis: -1 })],
  ['Concat along space', (net, x) => noted(net, net.graph.node('Concat', [x, net.relu(x)], { axis: 2 }), 8, 16, 8)],
  ['Concat of one value twice', (net, x) => noted(net, net.graph.node('Concat', [x, x], { axis: 1 }), 16, 8, 8)],
  [
    'Concat with constants',
    (net, x) =>
      noted(
        net,
        net.graph.node(
          'Concat',
          [
            net.globalPool(x),
            net.graph.node('Expand', [
              perChannel(net, [1, 3, 1, 1]),
              net.graph.node(
                'Concat',
                [
                  net.graph.node('Slice', [net.graph.node('Shape', [x]), constant(net, 0), constant(net, 1)]),
                  constant(net, 3, 1, 1),
                ],
                { axis: 0 },
              ),
            ]),
          ],
          { axis: 1 },
        ),
        11,
        1,
        1,
      ),
  ],
  [
    'Split into unequal parts',
    (net, x) => {
      const [a, b] = net.graph.multi('Split', [x, constant(net, 3, 5)], 2, { axis: 1 });
      return net.concat([noted(net, b!, 5, 8, 8), noted(net, a!, 3, 8, 8)]);
    },
  ],
  [
    'Split into equal parts without sizes',
    (net, x) => {
      const [a, b] = net.graph.multi('Split', [x], 2, { axis: 1 });
      return net.pointwise('Mul', [noted(net, a!, 4, 8, 8), net.relu(noted(net, b!, 4, 8, 8))]);
    },
  ],
  [
    'Slice of some channels',
    (net, x) => noted(net, net.graph.node('Slice', [x, constant(net, 2), constant(net, 7), constant(net, 1)]), 5, 8, 8),
  ],
  [
    'Slice counted from the end',
    (net, x) =>
      noted(
        net,
        net.graph.node('Slice', [x, constant(net, -3), constant(net, Number.MAX_SAFE_INTEGER), constant(net, 1)]),
        3,
        8,
        8,
      ),
  ],
  [
    'Slice over space with a step',
    (net, x) =>
      noted(
        net,
        net.graph.node('Slice', [x, constant(net, 0), constant(net, 8), constant(net, 3), constant(net, 2)]),
        8,
        8,
        4,
      ),
  ],
  [
    'Gather that reorders and repeats channels',
    (net, x) => noted(net, net.graph.node('Gather', [x, constant(net, 7, 1, 0, 1, 4)], { axis: 1 }), 5, 8, 8),
  ],
  [
    'Pad over space',
    (net, x) => noted(net, net.graph.node('Pad', [x, constant(net, 0, 0, 1, 1, 0, 0, 1, 1)]), 8, 10, 10),
  ],
  [
    'Pad of channels, as shortcuts without weights have',
    (net, x) =>
      net.pointwise('Add', [
        noted(net, net.graph.node('Pad', [x, constant(net, 0, 2, 0, 0, 0, 2, 0, 0)]), 12, 8, 8),
        net.conv(x, 12),
      ]),
  ],
  [
    'Transpose there and back',
    (net, x) =>
      noted(
        net,
        net.graph.node(
          'Transpose',
          [net.graph.node('Relu', [net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] })])],
          { perm: [0, 3, 1, 2] },
        ),
        8,
        8,
        8,
      ),
  ],
  [
    'MatMul over channels that were moved last',
    (net, x) => {
      const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
      const mixed = net.graph.node('Add', [
        net.graph.node('MatMul', [last, perChannel(net, [8, 6], 'w')]),
        perChannel(net, [6], 'b'),
      ]);
      return noted(net, net.graph.node('Transpose', [mixed], { perm: [0, 3, 1, 2] }), 6, 8, 8);
    },
  ],
  ...['ReduceMean', 'ReduceMax', 'ReduceMin'].map((op): [string, Middle] => [
    `a gate from ${op} over channels`,
    (net, x) => net.pointwise('Mul', [x, net.graph.node('Sigmoid', [net.graph.node(op, [x], { axes: [1] })])]),
  ]),
  ['ReduceMean over space', (net, x) => net.pointwise('Mul', [x, net.graph.node('ReduceMean', [x], { axes: [2, 3] })])],
  [
    'ReduceSum over channels',
    (net, x) =>
      net.pointwise('Add', [x, net.graph.node('Sigmoid', [net.graph.node('ReduceSum', [x, constant(net, 1)])])]),
  ],
  [
    'Squeeze and Unsqueeze around a linear layer, as squeeze-excite has',
    (net, x) => {
      const flat = noted(net, net.graph.node('Squeeze', [net.globalPool(x), constant(net, 2, 3)]), 8);
      const gate = net.graph.node('Unsqueeze', [net.graph.node('Sigmoid', [net.linear(flat, 8)]), constant(net, 2, 3)]);
      return net.pointwise('Mul', [x, gate]);
    },
  ],
  [
    'a Reshape that merges space',
    (net, x) =>
      noted(
        net,
        net.graph.node('Reshape', [
          net.graph.node('Reshape', [x, constant(net, 0, 0, -1)]),
          constant(net, -1, 8, 8, 8),
        ]),
        8,
        8,
        8,
      ),
  ],
  [
    'a Reshape whose shape is computed from the value',
    (net, x) => {
      const size = (axis: number) =>
        net.graph.node('Unsqueeze', [
          net.graph.node('Gather', [net.graph.node('Shape', [x]), net.graph.init(intTensor([axis], []))]),
          constant(net, 0),
        ]);
      const shape = net.graph.node('Concat', [size(0), size(1), constant(net, 64)], { axis: 0 });
      const merged = net.graph.node('Softmax', [net.graph.node('Reshape', [x, shape])], { axis: -1 });
      return noted(net, net.graph.node('Reshape', [merged, net.graph.node('Shape', [x])]), 8, 8, 8);
    },
  ],
  [
    'a channel shuffle',
    (net, x) =>
      noted(
        net,
        net.graph.node('Reshape', [
          net.graph.node('Transpose', [net.graph.node('Reshape', [x, constant(net, 0, 2, 4, 8, 8)])], {
            perm: [0, 2, 1, 3, 4],
          }),
          constant(net, -1, 8, 8, 8),
        ]),
        8,
        8,
        8,
      ),
  ],
  [
    'Resize by scales',
    (net, x) =>
      noted(
        net,
        net.graph.node('Resize', [x, '', net.graph.init(floatTensor([4], [1, 1, 2, 2]))], { mode: 'nearest' }),
        8,
        16,
        16,
      ),
  ],
  ['DepthToSpace', (net, x) => noted(net, net.graph.node('DepthToSpace', [x], { blocksize: 2 }), 2, 16, 16)],
  [
    'DepthToSpace, column-row-depth',
    (net, x) => noted(net, net.graph.node('DepthToSpace', [x], { blocksize: 2, mode: 'CRD' }), 2, 16, 16),
  ],
  ['SpaceToDepth', (net, x) => noted(net, net.graph.node('SpaceToDepth', [x], { blocksize: 2 }), 32, 4, 4)],
  [
    'a grouped ConvTranspose',
    (net, x) =>
      noted(
        net,
        net.graph.node('ConvTranspose', [x, perChannel(net, [8, 3, 2, 2], 'w')], {
          kernel_shape: [2, 2],
          strides: [2, 2],
          group: 2,
        }),
        6,
        16,
        16,
      ),
  ],
  [
    'a depthwise ConvTranspose',
    (net, x) =>
      noted(
        net,
        net.graph.node('ConvTranspose', [x, perChannel(net, [8, 1, 2, 2], 'w')], {
          kernel_shape: [2, 2],
          strides: [2, 2],
          group: 8,
        }),
        8,
        16,
        16,
      ),
  ],
  ['a depthwise convolution with two filters per channel', (net, x) => net.conv(x, 16, { group: 8 })],
  ['a grouped convolution with many small groups', (net, x) => net.conv(x, 8, { group: 4 })],
  [
    'attention over places, heads apart',
    (net, x) => {
      const places = net.graph.node('Transpose', [net.graph.node('Reshape', [x, constant(net, 0, 8, 64)])], {
        perm: [0, 2, 1],
      });
      const project = (name: string) => {
        const y = net.graph.node('MatMul', [places, perChannel(net, [8, 12], name)]);
        return net.graph.node('Transpose', [net.graph.node('Reshape', [y, constant(net, 0, 64, 2, 6)])], {
          perm: [0, 2, 1, 3],
        });
      };
      const keys = net.graph.node('Transpose', [project('k')], { perm: [0, 1, 3, 2] });
      const weights = net.graph.node('Softmax', [net.graph.node('MatMul', [project('q'), keys])], { axis: -1 });
      const mixed = net.graph.node('Transpose', [net.graph.node('MatMul', [weights, project('v')])], {
        perm: [0, 2, 1, 3],
      });
      const joined = net.graph.node('MatMul', [
        net.graph.node('Reshape', [mixed, constant(net, 0, 64, 12)]),
        perChannel(net, [12, 8], 'o'),
      ]);
      return noted(
        net,
        net.graph.node('Reshape', [
          net.graph.node('Transpose', [joined], { perm: [0, 2, 1] }),
          constant(net, 0, 8, 8, 8),
        ]),
        8,
        8,
        8,
      );
    },
  ],
];

describe('channels before and after an operator can go', () => {
  it.each(PASSING)('%s', (_, middle) => expectPasses(middle));
});

const STOPPING: readonly [string, Middle, string][] = [
  [
    'Softmax over channels',
    pointwise('Softmax', { axis: 1 }),
    'feeds softmax1 (Softmax), which normalises over channels',
  ],
  ['LRN', pointwise('LRN', { size: 3 }), 'feeds lrn1 (LRN), which normalises over channels'],
  [
    'a weight computed in the graph',
    (net, x) =>
      noted(
        net,
        net.graph.node('Conv', [
          x,
          net.graph.node('Mul', [perChannel(net, [6, 8, 1, 1]), perChannel(net, [6, 1, 1, 1], 'g')]),
        ]),
        6,
        8,
        8,
      ),
    'feeds conv1 (Conv), which convolves with computed weights',
  ],
  [
    'CumSum over channels',
    (net, x) => net.pointwise('CumSum', [x, net.graph.init(intTensor([1], []))]),
    'feeds cumsum1 (CumSum), which adds up over channels',
  ],
  [
    'a residual around an operator without a rule',
    (net, x) => net.pointwise('Add', [x, net.pointwise('Trilu', [net.conv(x, 8)])]),
    'meets trilu1 (Trilu), which has no channel rule',
  ],
];

describe('channels stay, and the plan names what they meet', () => {
  it.each(STOPPING)('%s', (_, middle, reason) => expectStops(middle, reason));
});
