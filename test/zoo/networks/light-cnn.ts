import type { LayerOptions, ModelProto } from '@kneepoint/onnx';
import { intTensor, Layers } from '@kneepoint/onnx';
import { add, channelsOf, split } from './blocks.ts';

/** The two halves of a value's channels. */
type Halve = (net: Layers, x: string) => readonly string[];

const FEATURES = 256;
const PEOPLE = 1000;

/** LightCNN-9 (Wu et al. 2018), halves taken by Slice. Gray images; the number of people is ours. */
export function lightCnn9(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  let x = net.maxPool(mfm(net, net.image(1, size), 48, { kernel: 5 }, slices));
  for (const [out, pools] of [
    [96, true],
    [192, true],
    [128, false],
    [128, true],
  ] as const) {
    x = group(net, x, out, slices);
    if (pools) x = net.maxPool(x);
  }
  return identify(net, x, slices);
}

/** LightCNN-29 with residual blocks between the groups, halves taken by Split. */
export function lightCnn29(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  let x = net.maxPool(mfm(net, net.image(1, size), 48, { kernel: 5 }, halves));
  for (const [blocks, out, pools] of [
    [1, 96, true],
    [2, 192, true],
    [3, 128, false],
    [4, 128, true],
  ] as const) {
    for (let i = 0; i < blocks; i++) {
      const channels = channelsOf(net, x);
      x = add(net, mfm(net, mfm(net, x, channels, {}, halves), channels, {}, halves), x);
    }
    x = group(net, x, out, halves);
    if (pools) x = net.maxPool(x);
  }
  return identify(net, x, halves);
}

/** Max-feature-map: the larger of filters k and k + n. */
function mfm(net: Layers, x: string, out: number, options: LayerOptions, halve: Halve): string {
  return net.pointwise('Max', halve(net, net.conv(x, 2 * out, options)));
}

/** 1 × 1 to choose, 3 × 3 to convolve, with a max-feature-map after each. */
function group(net: Layers, x: string, out: number, halve: Halve): string {
  return mfm(net, mfm(net, x, channelsOf(net, x), { kernel: 1 }, halve), out, {}, halve);
}

/** The 256 features of a face, and who it is. */
function identify(net: Layers, x: string, halve: Halve): ModelProto {
  const features = net.pointwise('Max', halve(net, net.linear(net.flatten(x), 2 * FEATURES)));
  net.output(net.linear(features, PEOPLE, 'people'));
  return net.build();
}

const halves: Halve = (net, x) => split(net, x, 2);

const slices: Halve = (net, x) => {
  const [channels = 0, ...rest] = net.shape(x);
  const bound = (value: number) => net.graph.init(intTensor([value]));
  const from = (start: number, end: number) =>
    net.note(net.graph.node('Slice', [x, bound(start), bound(end), bound(1)]), [channels / 2, ...rest]);
  return [from(0, channels / 2), from(channels / 2, channels)];
};
