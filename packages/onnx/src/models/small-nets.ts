import type { ModelProto } from '../proto.ts';
import { floatTensor, intTensor } from '../tensor.ts';
import { Layers } from './layers.ts';
import { maxFeatureMap } from './light-cnn.ts';
import { vggStyle } from './vgg.ts';

type MakeNet = (seed: number) => ModelProto;

/** Networks of a few thousand weights, one per way of wiring channels. Input `image`: N × 3 × 16 × 16 (mfm: N × 1 × 16 × 16). */
export const smallNets: Readonly<Record<string, MakeNet>> = {
  vgg: (seed) => vggStyle({ widths: [8, 8, 'pool', 12, 12, 'pool', 16], size: 16, seed }),
  vggFlat,
  residual,
  concat,
  depthwise,
  grouped,
  mfm,
  inception,
  squeezeExcite,
  shuffle,
  unet,
  heads,
};

function finish(net: Layers, x: string): ModelProto {
  net.heads(x, { logits: 5 });
  return net.build();
}

/** C × H × W flattened into a linear layer, as in VGG-16 itself. */
function vggFlat(seed: number): ModelProto {
  const net = new Layers(seed);
  let x = net.maxPool(net.relu(net.conv(net.image(3, 16), 6)));
  x = net.maxPool(net.block(x, 8));
  x = net.relu(net.linear(net.flatten(x), 10));
  net.output(net.linear(x, 4));
  return net.build();
}

/** Two residual blocks, the second with a projection (He et al. 2016). */
function residual(seed: number): ModelProto {
  const net = new Layers(seed);
  const stem = net.block(net.image(3, 16), 8);
  const first = net.relu(net.pointwise('Add', [net.batchNorm(net.conv(net.block(stem, 6), 8)), stem]));
  const long = net.batchNorm(net.conv(net.block(first, 12, { stride: 2 }), 12));
  const short = net.batchNorm(net.conv(first, 12, { kernel: 1, stride: 2 }));
  return finish(net, net.relu(net.pointwise('Add', [long, short])));
}

/** Dense block: every layer sees all before it (Huang et al. 2017). */
function concat(seed: number): ModelProto {
  const net = new Layers(seed);
  let x = net.block(net.image(3, 16), 6);
  for (let i = 0; i < 3; i++) x = net.concat([x, net.conv(net.relu(net.batchNorm(x)), 4)]);
  return finish(net, net.block(x, 8, { kernel: 1 }));
}

/** Inverted residual with a depthwise convolution (Sandler et al. 2018). */
function depthwise(seed: number): ModelProto {
  const net = new Layers(seed);
  const stem = net.block(net.image(3, 16), 6);
  const clip = (x: string) =>
    net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [6]))]);
  const expanded = clip(net.batchNorm(net.conv(stem, 18, { kernel: 1, bias: false })));
  const spatial = clip(net.batchNorm(net.conv(expanded, 18, { group: 18, bias: false })));
  const projected = net.batchNorm(net.conv(spatial, 6, { kernel: 1, bias: false }));
  return finish(net, net.block(net.pointwise('Add', [projected, stem]), 10, { kernel: 1 }));
}

/** Bottleneck with a grouped convolution (Xie et al. 2017). */
function grouped(seed: number): ModelProto {
  const net = new Layers(seed);
  const stem = net.block(net.image(3, 16), 8);
  const wide = net.block(net.block(stem, 12, { kernel: 1 }), 12, { group: 3 });
  const narrow = net.batchNorm(net.conv(wide, 8, { kernel: 1 }));
  return finish(net, net.relu(net.pointwise('Add', [narrow, stem])));
}

/** Max-feature-map: the larger of each channel k and its twin k + n (Wu et al. 2018, LightCNN). */
function mfm(seed: number): ModelProto {
  const net = new Layers(seed);
  let x = net.maxPool(maxFeatureMap(net, net.image(1, 16), 6, {}));
  x = net.maxPool(maxFeatureMap(net, maxFeatureMap(net, x, 6, {}), 8, {}));
  return finish(net, x);
}

/** Branches of several kernel sizes, joined (Szegedy et al. 2015). */
function inception(seed: number): ModelProto {
  const net = new Layers(seed);
  const stem = net.maxPool(net.block(net.image(3, 16), 8));
  const pooled = net.pointwise('MaxPool', [stem], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] });
  const branches = [
    net.block(stem, 4, { kernel: 1 }),
    net.block(net.block(stem, 5, { kernel: 1 }), 6),
    net.block(net.block(stem, 3, { kernel: 1 }), 4, { kernel: 5 }),
    net.block(pooled, 4, { kernel: 1 }),
  ];
  return finish(net, net.block(net.concat(branches), 10));
}

/** Channels weighed by a small network on their own means (Hu et al. 2018). */
function squeezeExcite(seed: number): ModelProto {
  const net = new Layers(seed);
  const x = net.block(net.block(net.image(3, 16), 8), 12);
  const squeezed = net.relu(net.conv(net.globalPool(x), 4, { kernel: 1 }));
  const gates = net.pointwise('Sigmoid', [net.conv(squeezed, 12, { kernel: 1 })]);
  return finish(net, net.block(net.pointwise('Mul', [x, gates]), 8));
}

/** Grouped convolutions with the channels shuffled between them (Zhang et al. 2018). */
function shuffle(seed: number): ModelProto {
  const net = new Layers(seed);
  const stem = net.block(net.image(3, 16), 12);
  const first = net.block(stem, 12, { kernel: 1, group: 3 });
  const split = net.graph.node('Reshape', [first, net.graph.init(intTensor([0, 3, 4, 16, 16]))]);
  const swapped = net.graph.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] });
  const joined = net.graph.node('Reshape', [swapped, net.graph.init(intTensor([0, 12, 16, 16]))]);
  net.note(joined, [12, 16, 16]);
  return finish(net, net.block(net.block(joined, 12, { group: 12 }), 9, { kernel: 1, group: 3 }));
}

/** Down, up by a transposed convolution, and across (Ronneberger et al. 2015). */
function unet(seed: number): ModelProto {
  const net = new Layers(seed);
  const high = net.block(net.image(3, 16), 6);
  const low = net.block(net.maxPool(high), 10);
  const weight = net.weight('up.weight', [10, 6, 2, 2]);
  const up = net.graph.node('ConvTranspose', [low, weight], { kernel_shape: [2, 2], strides: [2, 2] }, 'up');
  net.note(up, [6, 16, 16]);
  return finish(net, net.block(net.concat([high, up]), 8));
}

/** One trunk and three heads of their own convolution, as in multi-task face networks. */
function heads(seed: number): ModelProto {
  const net = new Layers(seed);
  const trunk = net.maxPool(net.block(net.maxPool(net.block(net.image(3, 16), 8)), 12));
  for (const task of ['yaw', 'pitch', 'roll']) {
    const own = net.block(trunk, 4);
    net.output(net.linear(net.flatten(own), 1, task));
  }
  return net.build();
}
