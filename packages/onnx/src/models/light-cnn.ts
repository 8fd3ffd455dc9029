import type { ModelProto } from '../proto.ts';
import { intTensor } from '../tensor.ts';
import { Layers, type LayerOptions } from './layers.ts';

export interface LightCnnOptions {
  /** Filters that are left of the first layer and of each of the four groups: 48, 96, 192, 128, 128 in LightCNN-9. */
  readonly widths: readonly [number, number, number, number, number];
  /** Height and width of the image, at least 16. */
  readonly size: number;
  readonly seed: number;
  readonly channels?: number;
}

/**
 * A network in the manner of LightCNN-9 (Wu et al. 2018): a 5 × 5 convolution and four groups of a 1 × 1 and a 3 × 3 one, each followed by max-feature-map, which
 * takes the greater of channels k and k + n. The fully connected layer is left out: a linear head on the pooled responses takes its place.
 */
export function lightCnn({ widths, size, seed, channels = 3 }: LightCnnOptions): ModelProto {
  const net = new Layers(seed, { name: 'light-cnn' });
  const [first, ...groups] = widths;
  let x = net.maxPool(maxFeatureMap(net, net.image(channels, size), first, { kernel: 5, name: 'conv1' }));
  groups.forEach((width, i) => {
    const name = `group${i + 1}`;
    const [own = 1] = net.shape(x);
    x = maxFeatureMap(net, x, own, { kernel: 1, name: `${name}.a` });
    x = maxFeatureMap(net, x, width, { kernel: 3, name: `${name}.b` });
    // The third group is not pooled in LightCNN-9.
    if (i !== 2) x = net.maxPool(x);
  });
  net.heads(x, { logits: 10 });
  return net.build();
}

/** A convolution to 2n channels, and the greater of its halves. */
export function maxFeatureMap(net: Layers, x: string, out: number, options: LayerOptions): string {
  const both = net.conv(x, 2 * out, options);
  const [, height = 1, width = 1] = net.shape(both);
  const halves = net.graph.multi('Split', [both, net.graph.init(intTensor([out, out]))], 2, { axis: 1 });
  for (const half of halves) net.note(half, [out, height, width]);
  return net.pointwise('Max', halves);
}
