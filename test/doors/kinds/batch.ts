import { DataType, floatTensor, intTensor } from '@kneepoint/onnx';
import { type Door, door } from '../door.ts';
import type { HalfDead } from '../half-dead.ts';

/** Two layers. */
const trunk = (net: HalfDead, x: string) => net.block(net.block(x, 16), 16);
const five = (net: HalfDead, x: string) => net.linear(net.flatten(net.globalPool(x)), 5, 'answer');
const one = (net: HalfDead) => trunk(net, net.take([1, 3, 8, 8]));

export const batch: readonly Door[] = [
  door('a batch of 1', (net) => void net.answer(one(net), 1)),
  door('a batch of −1', (net) => void net.answer(trunk(net, net.take([-1, 3, 8, 8])), -1)),
  door(
    'a batch of 0, which ONNX Runtime takes for none',
    (net) => void net.answer(trunk(net, net.take([0, 3, 8, 8])), 0),
    {
      ...{ refused: 'RUNTIME_FEED_INVALID', unreadable: 'RUNTIME_FEED_INVALID' },
    },
  ),
  door('a batch with a name', (net) => void net.answer(trunk(net, net.take(['how_many', 3, 8, 8])), 'how_many')),
  door('a batch of 4', (net) => void net.answer(trunk(net, net.take([4, 3, 8, 8])), 4)),
  door('a batch of 1 that is squeezed away', (net) => {
    net.declare(net.graph.node('Squeeze', [five(net, one(net)), net.graph.init(intTensor([0]))]), [5]);
  }),
  door('every axis of 1 squeezed away', (net) => {
    const pooled = net.note(net.graph.node('Squeeze', [net.globalPool(one(net))]), [16]);
    const weight = net.store('answer.kernel', [16, 5], net.filters([16, 5], undefined));
    net.declare(net.graph.node('MatMul', [pooled, weight], {}, 'answer'), [5]);
  }),
  door('the first of the batch picked', (net) => {
    net.declare(net.graph.node('Gather', [five(net, one(net)), net.graph.init(intTensor([0], []))]), [5]);
  }),
  door('boxes that NonMaxSuppression chooses', (net) => {
    const y = one(net);
    const flat = (x: string, dims: readonly number[]) =>
      net.graph.node('Reshape', [x, net.graph.init(intTensor(dims))]);
    const boxes = net.graph.node('Transpose', [flat(net.conv(y, 4, { kernel: 1, name: 'answer_boxes' }), [1, 4, 64])], {
      perm: [0, 2, 1],
    });
    const scores = flat(net.conv(y, 2, { kernel: 1, name: 'answer_scores' }), [1, 2, 64]);
    const limits = [net.graph.init(intTensor([5])), net.scalar(0.5), net.scalar(0)];
    net.declare(net.graph.node('NonMaxSuppression', [boxes, scores, ...limits]), ['found', 3], DataType.INT64);
  }),
  door('boxes decoded for one image', (net) => {
    const y = one(net);
    const raw = net.graph.node('Reshape', [
      net.conv(y, 4, { kernel: 1, name: 'answer' }),
      net.graph.init(intTensor([1, 64, 4])),
    ]);
    const part = (from: number) =>
      net.graph.node('Slice', [raw, ...[[from], [from + 2], [2]].map((v) => net.graph.init(intTensor(v)))]);
    const centre = net.graph.node('Add', [
      net.graph.node('Mul', [part(0), net.scalar(0.1)]),
      net.numbers([1, 64, 2], (i) => i / 64),
    ]);
    const size = net.graph.node('Exp', [net.graph.node('Mul', [part(2), net.scalar(0.1)])]);
    net.declare(
      net.graph.node('Concat', [net.graph.node('Sub', [centre, size]), net.graph.node('Add', [centre, size])], {
        axis: 2,
      }),
      [1, 64, 4],
    );
  }),
  door('a number without dimensions', (net) => {
    const y = net.conv(one(net), 1, { kernel: 1, name: 'answer' });
    net.declare(net.graph.node('ReduceMean', [y], { keepdims: 0 }), []);
  }),
  door('a grid for one image joined to it', (net) => {
    const joined = net.concat([
      net.block(net.take([1, 3, 8, 8]), 16),
      net.note(net.numbers([1, 2, 8, 8], Math.sin), [2, 8, 8]),
    ]);
    net.answer(net.block(joined, 16), 1);
  }),
  door(
    'a kernel made for each image',
    (net) => {
      const y = net.block(net.take([1, 3, 8, 8]), 16);
      const style = net.pointwise('Sigmoid', [net.conv(net.globalPool(y), 16, { kernel: 1, name: 'style' })]);
      const rows = net.graph.node('Reshape', [style, net.graph.init(intTensor([1, 16, 1, 1]))]);
      const kernel = net.graph.node('Mul', [net.weight('modulated.weight', [16, 16, 3, 3]), rows]);
      const turned = net.graph.node('Conv', [y, kernel], { pads: [1, 1, 1, 1] }, 'modulated');
      net.answer(net.block(net.relu(net.note(turned, [16, 8, 8])), 16), 1);
    },
    { left: 0.95 },
  ),
  door('a shape of one image baked into an Expand', (net) => {
    const y = one(net);
    const gate = net.graph.node('Expand', [net.globalPool(y), net.graph.init(intTensor([1, 16, 8, 8]))]);
    net.answer(net.pointwise('Add', [y, gate]), 1);
  }),
  door('an input that nothing reads', (net) => {
    const x = net.take(['N', 3, 8, 8]);
    net.take([1, 1, 1, 3], { name: 'mean' });
    net.answer(trunk(net, x));
  }),
  door('two images through the same layers', (net) => {
    const w = [net.weight('a.weight', [16, 3, 3, 3]), net.weight('b.weight', [16, 16, 3, 3])];
    const branch = (x: string) => {
      const conv = (y: string, i: number) =>
        net.relu(net.note(net.graph.node('Conv', [y, w[i]!], { pads: [1, 1, 1, 1] }), [16, 8, 8]));
      return net.flatten(net.globalPool(conv(conv(x, 0), 1)));
    };
    const [left, right] = [
      branch(net.take(['N', 3, 8, 8], { name: 'left' })),
      branch(net.take(['N', 3, 8, 8], { name: 'right' })),
    ];
    net.declare(net.linear(net.note(net.graph.node('Sub', [left, right]), [16]), 5, 'answer'), ['N', 5]);
  }),
  door('an image and whole numbers', (net) => {
    const y = five(net, trunk(net, net.take(['N', 3, 8, 8])));
    const flag = net.graph.node('Cast', [net.take(['N', 1], { name: 'flag', type: DataType.INT64 })], {
      to: DataType.FLOAT,
    });
    net.declare(net.graph.node('Add', [y, flag]), ['N', 5]);
  }),
  door('a batch taken from the shape', (net) => {
    const y = net.globalPool(trunk(net, net.take(['N', 3, 8, 8])));
    const size = net.graph.node('Gather', [net.graph.node('Shape', [y]), net.graph.init(intTensor([0]))]);
    const dims = net.graph.node('Concat', [size, net.graph.init(intTensor([-1]))], { axis: 0 });
    net.declare(net.linear(net.note(net.graph.node('Reshape', [y, dims]), [16]), 5, 'answer'), ['N', 5]);
  }),
  door('a batch taken from the shape by a Reshape that takes 0 for none', (net) => {
    const y = net.globalPool(trunk(net, net.take(['N', 3, 8, 8])));
    const size = net.graph.node('Shape', [y], { start: 0, end: 1 });
    const dims = net.graph.node('Concat', [size, net.graph.init(intTensor([16]))], { axis: 0 });
    const flat = net.graph.node('Reshape', [y, dims], { allowzero: 1 });
    net.declare(net.linear(net.note(flat, [16]), 5, 'answer'), ['N', 5]);
  }),
  door('a state of zeros for each image of the batch', (net) => {
    const y = net.flatten(net.globalPool(trunk(net, net.take(['N', 3, 8, 8]))));
    const size = net.graph.node('Gather', [net.graph.node('Shape', [y]), net.graph.init(intTensor([0]))]);
    const dims = net.graph.node('Concat', [size, net.graph.init(intTensor([8]))], { axis: 0 });
    const state = net.note(net.graph.node('ConstantOfShape', [dims]), [8]);
    const next = net.pointwise('Add', [net.linear(y, 8, 'read'), net.linear(state, 8, 'remembered')]);
    net.declare(net.linear(net.pointwise('Tanh', [next]), 5, 'answer'), ['N', 5]);
  }),
  door('detections of which there are none', (net) => {
    const y = net.conv(trunk(net, net.take(['N', 3, 8, 8])), 1, { kernel: 1, name: 'answer' });
    const flat = net.graph.node('Reshape', [y, net.graph.init(intTensor([-1]))]);
    const found = net.graph.node('NonZero', [
      net.graph.node('Greater', [flat, net.graph.init(floatTensor([], [1e9]))]),
    ]);
    const values = net.graph.node('GatherND', [flat, net.graph.node('Transpose', [found], { perm: [1, 0] })]);
    net.declare(y, ['N', 1, 8, 8]);
    net.declare(values, ['found']);
  }),
];
