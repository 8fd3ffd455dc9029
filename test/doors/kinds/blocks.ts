import { floatTensor, intTensor } from '@kneepoint/onnx';
import { type Door, door } from '../door.ts';
import type { HalfDead } from '../half-dead.ts';

const image = (net: HalfDead) => net.take(['N', 3, 8, 8]);
const grid = (net: HalfDead) => net.block(net.block(image(net), 16), 16);
const reduce = (net: HalfDead, op: string, x: string, axes: readonly number[], shape: readonly number[]) =>
  net.note(net.graph.node(op, [x], { axes, keepdims: 1 }), shape);

/** Twice as large. */
function larger(net: HalfDead, x: string, mode: 'nearest' | 'linear'): string {
  const [channels = 1, height = 1, width = 1] = net.shape(x);
  const scales = net.graph.init(floatTensor([4], [1, 1, 2, 2]));
  const how = mode === 'nearest' ? { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' } : {};
  return net.note(net.graph.node('Resize', [x, '', scales], { mode, ...how }), [channels, 2 * height, 2 * width]);
}

/** A transposed convolution that doubles the size; its filters lie along the second axis. */
function up(net: HalfDead, x: string, out: number, name: string): string {
  const [channels = 1, height = 1, width = 1] = net.shape(x);
  const weight = net.store(`${name}.weight`, [channels, out, 2, 2], net.filters([channels, out, 2, 2], 1));
  const inputs = [x, weight, net.vector(`${name}.bias`, out, 0, 0.1)];
  return net.note(net.graph.node('ConvTranspose', inputs, { kernel_shape: [2, 2], strides: [2, 2] }, name), [
    out,
    2 * height,
    2 * width,
  ]);
}

/** Channels weighed by a small network on their own means. */
function squeezeExcite(net: HalfDead, x: string, gate: string): string {
  const [channels = 1] = net.shape(x);
  const squeezed = net.relu(net.conv(net.globalPool(x), 8, { kernel: 1 }));
  return net.pointwise('Mul', [x, net.pointwise(gate, [net.conv(squeezed, channels, { kernel: 1 })])]);
}

/** Attention by channels, then by places, from means and maxima (Woo et al. 2018). */
function cbam(net: HalfDead, x: string): string {
  const [channels = 1, height = 1, width = 1] = net.shape(x);
  const y = squeezeExcite(net, x, 'Sigmoid');
  const mean = reduce(net, 'ReduceMean', y, [1], [1, height, width]);
  const most = reduce(net, 'ReduceMax', y, [1], [1, height, width]);
  const places = net.pointwise('Sigmoid', [net.conv(net.concat([mean, most]), 1, { kernel: 3, name: 'places' })]);
  return net.note(net.graph.node('Mul', [y, places]), [channels, height, width]);
}

export const blocks: readonly Door[] = [
  door('squeeze and excite', (net) => void net.answer(net.block(squeezeExcite(net, grid(net), 'Sigmoid'), 16))),
  door(
    'squeeze and excite by HardSigmoid',
    (net) => void net.answer(net.block(squeezeExcite(net, grid(net), 'HardSigmoid'), 16)),
  ),
  door('attention by channels and by places', (net) => void net.answer(net.block(cbam(net, grid(net)), 16)), {
    left: 0.8,
  }),
  door('a U-Net with ConvTranspose', (net) => {
    const high = net.block(image(net), 16);
    const low = net.block(net.maxPool(high), 16);
    net.declare(net.conv(net.block(net.concat([high, up(net, low, 16, 'up')]), 16), 4, { name: 'answer' }), [
      'N',
      4,
      8,
      8,
    ]);
  }),
  door('a U-Net with Resize', (net) => {
    const high = net.block(image(net), 16);
    const low = net.block(net.maxPool(high), 16);
    net.declare(net.conv(net.block(net.concat([larger(net, low, 'linear'), high]), 16), 4, { name: 'answer' }), [
      'N',
      4,
      8,
      8,
    ]);
  }),
  door('a pyramid of sums', (net) => {
    const high = net.block(image(net), 16);
    const low = net.block(net.maxPool(high), 16);
    const sum = net.pointwise('Add', [
      net.conv(high, 16, { kernel: 1 }),
      larger(net, net.conv(low, 16, { kernel: 1 }), 'nearest'),
    ]);
    net.declare(net.conv(net.block(sum, 16), 4, { name: 'answer' }), ['N', 4, 8, 8]);
  }),
  door('pixels out of channels', (net) => {
    const y = net.conv(grid(net), 16, { name: 'answer_fine' });
    net.declare(net.note(net.graph.node('DepthToSpace', [y], { blocksize: 2, mode: 'CRD' }), [4, 16, 16]), [
      'N',
      4,
      16,
      16,
    ]);
  }),
  door('pixels out of channels, then a layer', (net) => {
    const y = net.relu(net.conv(grid(net), 32, { name: 'fine' }));
    const wide = net.note(net.graph.node('DepthToSpace', [y], { blocksize: 2, mode: 'CRD' }), [8, 16, 16]);
    net.answer(net.block(wide, 16));
  }),
  door('channels out of pixels', (net) => {
    const y = net.note(net.graph.node('SpaceToDepth', [net.block(image(net), 16)], { blocksize: 2 }), [64, 4, 4]);
    net.answer(net.block(y, 16));
  }),
  door('PRelu with a slope for each channel', (net) => {
    const layer = (x: string, name: string) =>
      net.pointwise('PRelu', [
        net.batchNorm(net.conv(x, 16, { bias: false, name })),
        net.numbers([16, 1, 1], (i) => 0.05 * i),
      ]);
    net.answer(layer(layer(image(net), 'a'), 'b'));
  }),
  door('HardSwish, SiLU and GELU', (net) => {
    const a = net.pointwise('HardSwish', [net.batchNorm(net.conv(image(net), 16, { bias: false }))]);
    const b = net.batchNorm(net.conv(a, 16, { bias: false }));
    const silu = net.pointwise('Mul', [b, net.pointwise('Sigmoid', [b])]);
    const c = net.conv(silu, 16);
    const erf = net.pointwise('Erf', [net.pointwise('Div', [c, net.scalar(Math.SQRT2)])]);
    const gelu = net.pointwise('Mul', [
      net.pointwise('Mul', [c, net.pointwise('Add', [erf, net.scalar(1)])]),
      net.scalar(0.5),
    ]);
    net.answer(gelu);
  }),
  door(
    'GroupNormalization over groups of channels',
    (net) => {
      const x = net.conv(image(net), 16, { bias: false });
      const normal = net.pointwise('GroupNormalization', [x, net.numbers([16], () => 1), net.numbers([16], () => 0)], {
        num_groups: 16,
      });
      net.answer(net.block(net.relu(normal), 16));
    },
    { options: { opset: 21 } },
  ),
  door('InstanceNormalization', (net) => {
    const y = net.pointwise('InstanceNormalization', [
      net.conv(image(net), 16, { bias: false }),
      net.vector('scale', 16, 1, 0.4),
      net.vector('shift', 16, 0, 0.2),
    ]);
    net.answer(net.block(net.relu(y), 16));
  }),
  door(
    'local response normalisation',
    (net) => {
      const y = net.pointwise('LRN', [net.relu(net.conv(net.block(image(net), 16), 16, { name: 'before' }))], {
        size: 5,
      });
      net.answer(net.block(y, 16));
    },
    { stays: { before: /LRN/ } },
  ),
  door(
    'a softmax over channels',
    (net) => {
      const y = net.pointwise('Softmax', [net.conv(net.block(image(net), 16), 16, { name: 'before' })], { axis: 1 });
      net.answer(net.block(y, 16));
    },
    { stays: { before: /Softmax/ } },
  ),
  door('linear layers at every place, channels last', (net) => {
    const turned = net.graph.node('Transpose', [grid(net)], { perm: [0, 2, 3, 1] });
    const dense = (x: string, from: number, to: number, name: string) => {
      const weight = net.store(`${name}.kernel`, [from, to], net.filters([from, to], 1));
      return net.graph.node('Add', [
        net.graph.node('MatMul', [x, weight], {}, name),
        net.vector(`${name}.bias`, to, 0, 0.1),
      ]);
    };
    const wide = net.graph.node('Relu', [dense(turned, 16, 32, 'wide')]);
    const back = net.note(
      net.graph.node('Transpose', [dense(wide, 32, 16, 'narrow')], { perm: [0, 3, 1, 2] }),
      [16, 8, 8],
    );
    net.answer(back);
  }),
  door('padding by reflection, and an average that counts it', (net) => {
    const x = net.note(
      net.graph.node('Pad', [net.block(image(net), 16), net.graph.init(intTensor([0, 0, 1, 1, 0, 0, 1, 1]))], {
        mode: 'reflect',
      }),
      [16, 10, 10],
    );
    net.answer(net.averagePool(net.block(x, 16), { kernel: 2 }));
  }),
  door('selected kernels: two branches weighed against each other', (net) => {
    const x = net.block(image(net), 16);
    const [a, b] = [net.block(x, 16), net.block(x, 16, { kernel: 5 })];
    const z = net.relu(net.conv(net.globalPool(net.pointwise('Add', [a, b])), 8, { kernel: 1 }));
    const gate = net.pointwise('Sigmoid', [net.conv(z, 16, { kernel: 1 })]);
    const other = net.graph.node('Sub', [net.numbers([1], () => 1), gate]);
    const weighed = (y: string, g: string) => net.pointwise('Mul', [y, g]);
    net.answer(net.block(net.pointwise('Add', [weighed(a, gate), weighed(b, net.note(other, [16, 1, 1]))]), 16));
  }),
];
