import { floatTensor, intTensor, Layers, type ModelProto, smallNets } from '@kneepoint/onnx';

/** Networks with what engines read in ways of their own, all of one input `image`. */
export const NETWORKS: Readonly<Record<string, () => ModelProto>> = {
  ...Object.fromEntries(
    [
      'vgg',
      'residual',
      'concat',
      'depthwise',
      'grouped',
      'mfm',
      'inception',
      'squeezeExcite',
      'shuffle',
      'unet',
      'heads',
    ].map((name) => [name, () => smallNets[name]!(1)]),
  ),
  'shuffle, joined rows': () => built((net) => net.block(dealt(net, rows(net)), 9, { kernel: 1 })),
  'shuffle, a filter for each channel': () =>
    built((net) => net.block(net.block(dealt(net, rows(net)), 16, { group: 16 }), 9, { kernel: 1 })),
  'shuffle, units': () =>
    built((net) => net.block(unit(net, unit(net, unit(net, net.block(net.image(3, 16), 16)))), 9, { kernel: 1 })),
  'shuffle, grouped on both sides': () =>
    built((net) => {
      const x = net.block(net.image(3, 16), 8);
      // Five channels in a group: the second convolution's groups cut through the rows of the shuffle.
      const reduced = dealt(net, net.block(x, 10, { kernel: 1, group: 2 }));
      const deep = net.batchNorm(net.conv(reduced, 10, { group: 10, bias: false }));
      return net.pointwise('Add', [x, net.batchNorm(net.conv(deep, 8, { kernel: 1, group: 2, bias: false }))]);
    }),
  'uneven split': () =>
    built((net) => {
      const x = net.block(net.image(3, 16), 15);
      const parts = net.graph.multi('Split', [x, net.graph.init(intTensor([3, 7, 5]))], 3, { axis: 1 });
      const read = [3, 7, 5].map((size, i) => net.block(net.note(parts[i]!, [size, 16, 16]), 5));
      return net.concat(read);
    }),
  'resize, nearest': () =>
    built((net) =>
      resized(net, { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
    ),
  'resize, linear': () =>
    built((net) => resized(net, { mode: 'linear', coordinate_transformation_mode: 'half_pixel' })),
  'transposed convolution, grouped': () =>
    built((net) => {
      const x = net.block(net.image(3, 16), 12);
      const weight = net.weight('up.weight', [12, 3, 2, 2]);
      const up = net.graph.node(
        'ConvTranspose',
        [x, weight],
        { kernel_shape: [2, 2], strides: [2, 2], group: 4 },
        'up',
      );
      return net.block(net.note(up, [12, 32, 32]), 7);
    }),
  'pixels out of channels': () =>
    built((net) => {
      const x = net.block(net.block(net.image(3, 16), 12), 20);
      return net.block(net.note(net.graph.node('DepthToSpace', [x], { blocksize: 2, mode: 'CRD' }), [5, 32, 32]), 7);
    }),
};

function built(make: (net: Layers) => string): ModelProto {
  const net = new Layers(1);
  net.heads(make(net), { logits: 5 });
  return net.build();
}

/** Two layers of eight filters side by side. */
function rows(net: Layers): string {
  const stem = net.block(net.image(3, 16), 6);
  return net.concat([net.block(stem, 8), net.block(stem, 8)]);
}

/** Two rows of channels dealt out in turn, as exporters of ShuffleNet write it. */
function dealt(net: Layers, x: string): string {
  const [channels = 1, height = 1, width = 1] = net.shape(x);
  const reshape = (value: string, dims: readonly number[]) =>
    net.graph.node('Reshape', [value, net.graph.init(intTensor(dims))]);
  const across = net.graph.node('Transpose', [reshape(x, [0, 2, channels / 2, height, width])], {
    perm: [0, 2, 1, 3, 4],
  });
  return net.note(reshape(across, [0, channels, height, width]), [channels, height, width]);
}

/** A unit of ShuffleNet V2 (Ma et al. 2018). */
function unit(net: Layers, x: string): string {
  const [left, right] = net.graph.multi('Split', [x], 2, { axis: 1 }) as [string, string];
  for (const part of [left, right]) net.note(part, [8, 16, 16]);
  const deep = net.batchNorm(net.conv(net.block(right, 8, { kernel: 1 }), 8, { group: 8, bias: false }));
  return dealt(net, net.concat([left, net.block(deep, 8, { kernel: 1 })]));
}

function resized(net: Layers, how: Readonly<Record<string, string>>): string {
  const high = net.block(net.image(3, 16), 7);
  const low = net.block(net.maxPool(high), 9);
  const scales = net.graph.init(floatTensor([4], [1, 1, 2, 2]));
  const large = net.note(net.graph.node('Resize', [low, '', scales], how), [9, 16, 16]);
  return net.block(net.concat([high, large]), 8);
}
