import { intTensor } from '@kneepoint/onnx';
import { type Door, door } from '../door.ts';
import type { HalfDead } from '../half-dead.ts';

const image = (net: HalfDead) => net.take(['N', 3, 8, 8]);
const reshape = (net: HalfDead, x: string, dims: readonly number[], shape: readonly number[]) =>
  net.note(net.graph.node('Reshape', [x, net.graph.init(intTensor(dims))]), shape);

/** Batch normalisation that leaves zeros zero wherever they lie. */
function shiftless(net: HalfDead, x: string): string {
  const channels = net.shape(x)[0]!;
  const of = (make: (i: number) => number) => net.numbers([channels], make);
  return net.pointwise('BatchNormalization', [
    x,
    of((i) => 1 + Math.sin(i) / 3),
    of(() => 0),
    of(() => 0),
    of((i) => 1 + Math.cos(i) / 3),
  ]);
}

/** x over itself after two layers, with or without normalisation. */
const residual = (normalised: boolean) => (net: HalfDead) => {
  const layer = (x: string) => (normalised ? net.batchNorm(net.conv(x, 16, { bias: false })) : net.conv(x, 16));
  const x = net.relu(layer(image(net)));
  const y = net.relu(net.pointwise('Add', [layer(net.relu(layer(x))), x]));
  net.answer(net.relu(net.pointwise('Add', [layer(net.relu(layer(y))), y])));
};

/** A layer's channels dealt out in turn among groups. */
function shuffle(net: HalfDead, x: string, groups: number, sizes: 'given' | 'computed' = 'given'): string {
  const [channels = 1, height = 1, width = 1] = net.shape(x);
  const rows = [groups, channels / groups];
  if (sizes === 'computed') {
    const shape = net.graph.node('Shape', [x]);
    const part = (from: number, to: number) =>
      net.graph.node('Slice', [shape, ...[[from], [to]].map((v) => net.graph.init(intTensor(v)))]);
    const apart = net.graph.node('Concat', [part(0, 1), net.graph.init(intTensor(rows)), part(2, 4)], { axis: 0 });
    const split = net.graph.node('Reshape', [x, apart]);
    return net.note(
      net.graph.node('Reshape', [net.graph.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] }), shape]),
      [channels, height, width],
    );
  }
  const split = net.graph.node('Reshape', [x, net.graph.init(intTensor([0, ...rows, height, width]))]);
  const turned = net.graph.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] });
  return reshape(net, turned, [0, channels, height, width], [channels, height, width]);
}

/** The unit of ShuffleNet: half passes, half goes through three layers, and both are dealt out in turn. */
function shuffleUnit(net: HalfDead, x: string): string {
  const [left, right] = net.graph.multi('Split', [x], 2, { axis: 1 }) as [string, string];
  net.note(left, [8, 8, 8]);
  net.note(right, [8, 8, 8]);
  const deep = net.batchNorm(net.conv(net.block(right, 8, { kernel: 1 }), 8, { group: 8, bias: false }));
  return shuffle(net, net.concat([left, net.block(deep, 8, { kernel: 1 })]), 2);
}

function split(net: HalfDead, x: string, sizes: readonly number[]): string[] {
  const parts = net.graph.multi('Split', [x, net.graph.init(intTensor(sizes))], sizes.length, { axis: 1 });
  return parts.map((part, i) => net.note(part, [sizes[i]!, ...net.shape(x).slice(1)]));
}

const PARTS = (parts: number) => ({ options: { parts } });

export const wiring: readonly Door[] = [
  door('residual blocks with batch normalisation', residual(true)),
  door('residual blocks without', residual(false)),
  door('a residual block with a projection', (net) => {
    const x = net.block(image(net), 16);
    const long = net.batchNorm(net.conv(net.block(x, 16, { stride: 2 }), 32, { bias: false }));
    const short = net.batchNorm(net.conv(x, 32, { kernel: 1, stride: 2, bias: false }));
    net.answer(net.relu(net.pointwise('Add', [long, short])));
  }),
  door('normalisation before activation before convolution, all joined', (net) => {
    let x = net.conv(image(net), 16);
    for (let i = 0; i < 3; i++) x = net.concat([x, net.conv(net.relu(shiftless(net, x)), 8, { name: `dense${i}` })]);
    net.answer(net.block(x, 16));
  }),
  door('four branches joined', (net) => {
    const x = net.block(image(net), 16);
    const pooled = net.averagePool(x, { kernel: 3, stride: 1, pad: 1 });
    net.answer(
      net.block(
        net.concat([
          net.block(x, 8, { kernel: 1 }),
          net.block(x, 8),
          net.block(x, 8, { kernel: 5 }),
          net.block(pooled, 8, { kernel: 1 }),
        ]),
        16,
      ),
    );
  }),
  door('a depthwise convolution', (net) => {
    net.answer(net.block(net.block(net.block(image(net), 16), 16, { group: 16 }), 16, { kernel: 1 }));
  }),
  door('a depthwise convolution of two filters a channel', (net) => {
    net.answer(net.block(net.block(net.block(image(net), 16), 32, { group: 16 }), 16, { kernel: 1 }));
  }),
  door('an inverted residual', (net) => {
    const narrow = (x: string, out: number) => net.batchNorm(net.conv(x, out, { kernel: 1, bias: false }));
    const x = narrow(net.block(image(net), 16), 8);
    const deep = net.block(net.block(x, 32, { kernel: 1 }), 32, { group: 32 });
    net.answer(net.block(net.pointwise('Add', [narrow(deep, 8), x]), 16));
  }),
  door(
    'grouped convolutions',
    (net) => {
      net.answer(net.block(net.block(net.block(image(net), 16), 16, { group: 4 }), 16, { group: 4 }));
    },
    PARTS(4),
  ),
  door(
    'a channel shuffle between grouped convolutions',
    (net) => {
      const x = net.block(net.block(image(net), 16), 16, { kernel: 1, group: 2 });
      net.answer(net.block(shuffle(net, x, 2), 16, { kernel: 1, group: 2 }));
    },
    PARTS(4),
  ),
  door(
    'a channel shuffle whose sizes are computed',
    (net) => {
      const x = net.block(net.block(image(net), 16), 16, { kernel: 1, group: 2 });
      net.answer(net.block(shuffle(net, x, 2, 'computed'), 16, { kernel: 1, group: 2 }));
    },
    PARTS(4),
  ),
  door('a channel shuffle written as a Gather', (net) => {
    const x = net.block(net.block(image(net), 16), 16);
    const order = Array.from({ length: 16 }, (_, i) => (i % 2) * 8 + Math.floor(i / 2));
    net.answer(
      net.block(net.note(net.graph.node('Gather', [x, net.graph.init(intTensor(order))], { axis: 1 }), [16, 8, 8]), 16),
    );
  }),
  door(
    'a channel shuffle of four axes',
    (net) => {
      const x = net.block(net.block(image(net), 16), 16);
      const turned = net.graph.node('Transpose', [reshape(net, x, [0, 2, 8, 64], [2, 8, 64])], { perm: [0, 2, 1, 3] });
      net.answer(net.block(reshape(net, turned, [0, -1, 8, 8], [16, 8, 8]), 16));
    },
    PARTS(2),
  ),
  door(
    'units of a split, a branch and a shuffle',
    (net) => {
      const x = net.block(image(net), 16);
      net.answer(net.block(shuffleUnit(net, shuffleUnit(net, x)), 16, { kernel: 1 }));
    },
    { ...PARTS(4), left: 0.9 },
  ),
  door(
    'a Split in unequal parts',
    (net) => {
      const [a, b, c] = split(net, net.block(image(net), 24), [4, 12, 8]);
      net.answer(net.concat([net.block(a!, 8), net.block(b!, 8), net.block(c!, 8)]));
    },
    PARTS(6),
  ),
  door(
    'Slices of the channels',
    (net) => {
      const x = net.block(image(net), 16);
      const part = (from: number, to: number) =>
        net.note(net.graph.node('Slice', [x, ...[[from], [to], [1]].map((v) => net.graph.init(intTensor(v)))]), [
          to - from,
          8,
          8,
        ]);
      net.answer(net.concat([net.block(part(0, 8), 8), net.block(part(8, 16), 8)]));
    },
    PARTS(2),
  ),
  door(
    'the larger of two halves',
    (net) => {
      const mfm = (x: string, out: number) => {
        const [a, b] = split(net, net.conv(x, 2 * out), [out, out]);
        return net.pointwise('Max', [a!, b!]);
      };
      net.answer(mfm(mfm(image(net), 16), 16));
    },
    PARTS(2),
  ),
  door(
    'the larger of two halves, by a Reshape and ReduceMax',
    (net) => {
      const wide = net.conv(net.block(image(net), 16), 32);
      const pairs = net.graph.node('ReduceMax', [reshape(net, wide, [0, 2, 16, 8, 8], [2, 16, 8, 8])], {
        axes: [1],
        keepdims: 0,
      });
      net.answer(net.block(net.note(pairs, [16, 8, 8]), 16));
    },
    PARTS(2),
  ),
  door('a kernel spread out, and pooling of several kinds', (net) => {
    const conv = (x: string, name: string) =>
      net.relu(
        net.note(
          net.graph.node(
            'Conv',
            [x, net.weight(`${name}.weight`, [16, net.shape(x)[0]!, 3, 3])],
            { dilations: [2, 2], pads: [2, 2, 2, 2] },
            name,
          ),
          [16, 8, 8],
        ),
      );
    const y = conv(conv(image(net), 'a'), 'b');
    const pool = (op: string) => net.note(net.graph.node(op, [y]), [16, 1, 1]);
    const joined = net.concat([pool('GlobalAveragePool'), pool('GlobalMaxPool')]);
    net.declare(net.linear(net.flatten(joined), 5, 'answer'), ['N', 5]);
  }),
  door('what is flattened with its places into a linear layer', (net) => {
    const x = net.relu(net.linear(net.flatten(net.maxPool(net.block(net.maxPool(net.block(image(net), 16)), 16))), 32));
    net.declare(net.linear(x, 5, 'answer'), ['N', 5]);
  }),
];
