import { DataType } from '@kneepoint/onnx';
import { type Door, door } from '../door.ts';
import type { HalfDead } from '../half-dead.ts';

const { FLOAT, FLOAT16, UINT8, DOUBLE } = DataType;
const HALF = { options: { type: FLOAT16 } } as const;

const turn = (net: HalfDead, x: string, perm: readonly number[]): string => {
  const shape = net.shape(x);
  return net.note(
    net.graph.node('Transpose', [x], { perm }),
    perm.slice(1).map((axis) => shape[axis - 1]!),
  );
};
const first = (net: HalfDead, x: string) => turn(net, x, [0, 3, 1, 2]);
const last = (net: HalfDead, x: string) => turn(net, x, [0, 2, 3, 1]);

/** A convolution among channels last, as converters of TensorFlow write it: a Transpose on either side, the bias added behind. */
function lastConv(net: HalfDead, x: string, out: number, name: string): string {
  const y = last(net, net.conv(first(net, x), out, { bias: false, name }));
  return net.relu(net.pointwise('Add', [y, net.vector(`${name}.bias`, out, 0, 0.1)]));
}

function lastHead(net: HalfDead, x: string, batch: number | string): void {
  const channels = net.shape(x).at(-1)!;
  const pooled = net.note(net.graph.node('ReduceMean', [x], { axes: [1, 2], keepdims: 0 }), [channels]);
  const weight = net.store('answer.kernel', [channels, 5], net.filters([channels, 5], undefined));
  const y = net.graph.node('MatMul', [pooled, weight], {}, 'answer');
  net.declare(net.graph.node('Add', [y, net.vector('answer.bias', 5, 0, 1)]), [batch, 5]);
}

/** A layer on each side and an answer, whatever comes in. */
const plain = (net: HalfDead, x: string, batch: number | string = 'N') =>
  void net.answer(net.block(net.block(x, 16), 16), batch);

export const layout: readonly Door[] = [
  door('channels last, a Transpose around each convolution', (net) => {
    const x = lastConv(net, net.take(['N', 8, 8, 3]), 16, 'a');
    lastHead(net, lastConv(net, x, 16, 'b'), 'N');
  }),
  door('channels last, rescaled in the graph, depthwise, a batch of −1', (net) => {
    const x = net.take([-1, 8, 8, 3]);
    const scaled = net.pointwise('Sub', [net.pointwise('Mul', [x, net.scalar(2)]), net.numbers([3], (i) => i / 9)]);
    const wide = net.block(first(net, scaled), 16);
    const deep = net.block(wide, 16, { group: 16 });
    lastHead(net, last(net, net.block(deep, 16, { kernel: 1 })), -1);
  }),
  door('channels last with kernels of height, width, in, out that are turned in the graph', (net) => {
    const x = first(net, net.take([1, 8, 8, 3]));
    const kernel = (name: string, from: number, to: number) =>
      net.graph.node('Transpose', [net.store(name, [3, 3, from, to], net.filters([3, 3, from, to], 3))], {
        perm: [3, 2, 0, 1],
      });
    const conv = (y: string, from: number, to: number, name: string) =>
      net.note(net.graph.node('Conv', [y, kernel(`${name}.kernel`, from, to)], { pads: [1, 1, 1, 1] }, name), [
        to,
        8,
        8,
      ]);
    const y = net.relu(conv(net.relu(conv(x, 3, 16, 'a')), 16, 16, 'b'));
    lastHead(net, last(net, y), 1);
  }),
  door('one channel, last', (net) => {
    lastHead(net, lastConv(net, lastConv(net, net.take(['N', 8, 8, 1]), 16, 'a'), 16, 'b'), 'N');
  }),
  door('four channels, last', (net) => {
    lastHead(net, lastConv(net, lastConv(net, net.take(['N', 8, 8, 4]), 16, 'a'), 16, 'b'), 'N');
  }),
  door('one channel', (net) => plain(net, net.take(['N', 1, 8, 8]))),
  door('four channels', (net) => plain(net, net.take(['N', 4, 8, 8]))),
  door('bytes', (net) => {
    const x = net.take(['N', 3, 8, 8], { type: UINT8 });
    const real = net.note(net.graph.node('Cast', [x], { to: FLOAT }), [3, 8, 8]);
    plain(net, net.pointwise('Div', [real, net.scalar(255)]));
  }),
  door('bytes, channels last', (net) => {
    const x = net.take([1, 8, 8, 3], { type: UINT8 });
    const real = net.note(net.graph.node('Cast', [x], { to: FLOAT }), [8, 8, 3]);
    const scaled = net.pointwise('Div', [
      net.pointwise('Sub', [real, net.numbers([1, 1, 1, 3], (i) => 110 + i)]),
      net.scalar(60),
    ]);
    lastHead(net, lastConv(net, lastConv(net, scaled, 16, 'a'), 16, 'b'), 1);
  }),
  door('half precision', (net) => plain(net, net.take(['N', 3, 8, 8])), HALF),
  door(
    'half precision, channels last',
    (net) => {
      lastHead(net, lastConv(net, lastConv(net, net.take(['N', 8, 8, 3]), 16, 'a'), 16, 'b'), 'N');
    },
    HALF,
  ),
  door(
    'half precision within, single without',
    (net) => {
      const x = net.take(['N', 3, 8, 8], { type: FLOAT });
      const y = net.block(net.block(net.note(net.graph.node('Cast', [x], { to: FLOAT16 }), [3, 8, 8]), 16), 16);
      const answer = net.linear(net.flatten(net.globalPool(y)), 5, 'answer');
      net.declare(net.graph.node('Cast', [answer], { to: FLOAT }), ['N', 5], FLOAT);
    },
    HALF,
  ),
  door('doubles that are cast', (net) => {
    const x = net.take(['N', 3, 8, 8], { type: DOUBLE });
    plain(net, net.note(net.graph.node('Cast', [x], { to: FLOAT }), [3, 8, 8]));
  }),
  door(
    'free height and width, named',
    (net) => {
      const x = net.take(['N', 3, 'height', 'width']);
      net.declare(net.conv(net.block(net.block(x, 16), 16), 4, { name: 'answer' }), ['N', 4, 'height', 'width']);
    },
    { size: { height: 16, width: 24 } },
  ),
  door('free height and width, −1', (net) => plain(net, net.take([-1, 3, -1, -1]), -1), {
    size: { height: 16, width: 16 },
  }),
  door(
    'free height and width, channels last',
    (net) => {
      lastHead(net, lastConv(net, lastConv(net, net.take(['N', 'H', 'W', 3]), 16, 'a'), 16, 'b'), 'N');
    },
    { size: { height: 16, width: 16 } },
  ),
  door('free height and width of which nothing is said', (net) => plain(net, net.take(['N', 3, 'H', 'W'])), {
    ...{ refused: 'MODEL_INPUT_SHAPE', unreadable: 'MODEL_INPUT_SHAPE' },
  }),
  door('a signal of one dimension, dilated', (net) => {
    const x = net.take(['N', 2, 64]);
    const conv = (y: string, from: number, to: number, name: string, dilation = 1) =>
      net.relu(
        net.note(
          net.graph.node(
            'Conv',
            [y, net.weight(`${name}.weight`, [to, from, 3]), net.vector(`${name}.bias`, to, 0, 0.1)],
            { kernel_shape: [3], pads: [dilation, dilation], dilations: [dilation] },
            name,
          ),
          [to, 64],
        ),
      );
    const y = conv(conv(conv(x, 2, 16, 'a'), 16, 16, 'b', 2), 16, 16, 'c', 4);
    net.answer(y);
  }),
  door('a signal, channels last', (net) => {
    const x = turn(net, net.take(['N', 64, 2]), [0, 2, 1]);
    const conv = (y: string, from: number, to: number, name: string) =>
      net.relu(
        net.note(net.graph.node('Conv', [y, net.weight(`${name}.weight`, [to, from, 5])], { strides: [2] }, name), [
          to,
          1,
        ]),
      );
    const y = turn(net, conv(conv(x, 2, 16, 'a'), 16, 16, 'b'), [0, 2, 1]);
    const pooled = net.note(net.graph.node('ReduceMax', [y], { axes: [1], keepdims: 0 }), [16]);
    net.declare(net.linear(pooled, 5, 'answer'), ['N', 5]);
  }),
  door('a row of features', (net) => {
    const hidden = net.relu(net.linear(net.relu(net.linear(net.take(['N', 12]), 32)), 32));
    net.declare(net.linear(hidden, 3, 'answer'), ['N', 3]);
  }),
  door('a volume', (net) => {
    const conv = (y: string, from: number, to: number, name: string) =>
      net.relu(
        net.note(
          net.graph.node(
            'Conv',
            [y, net.weight(`${name}.weight`, [to, from, 3, 3, 3])],
            { pads: [1, 1, 1, 1, 1, 1] },
            name,
          ),
          [to, 4, 4, 4],
        ),
      );
    const y = conv(conv(net.take(['N', 1, 4, 4, 4]), 1, 16, 'a'), 16, 16, 'b');
    const pooled = net.note(net.graph.node('ReduceMean', [y], { axes: [2, 3, 4], keepdims: 0 }), [16]);
    net.declare(net.linear(pooled, 5, 'answer'), ['N', 5]);
  }),
];
