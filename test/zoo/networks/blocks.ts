import type { LayerOptions, Layers } from '@kneepoint/onnx';
import { floatTensor } from '@kneepoint/onnx';

export type Activation = (net: Layers, x: string) => string;

export const relu: Activation = (net, x) => net.relu(x);
export const sigmoid: Activation = (net, x) => net.pointwise('Sigmoid', [x]);
export const hardSigmoid: Activation = (net, x) =>
  net.pointwise('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
export const hardSwish: Activation = (net, x) => net.pointwise('HardSwish', [x]);
/** x · sigmoid(x), as exporters write it. */
export const silu: Activation = (net, x) => net.pointwise('Mul', [x, sigmoid(net, x)]);
export const relu6: Activation = (net, x) => net.pointwise('Clip', [x, scalar(net, 0), scalar(net, 6)]);
export const linear: Activation = (_, x) => x;

export interface BlockOptions extends LayerOptions {
  /** Default ReLU. */
  readonly activation?: Activation;
}

/** Convolution without bias, batch normalisation, activation. */
export function convNorm(net: Layers, x: string, out: number, options: BlockOptions = {}): string {
  const { activation = relu, ...layer } = options;
  return activation(net, net.batchNorm(net.conv(x, out, { bias: false, ...layer })));
}

/** A convolution of each channel by itself, with normalisation and activation. */
export function depthwise(net: Layers, x: string, options: BlockOptions = {}): string {
  const channels = channelsOf(net, x);
  return convNorm(net, x, channels, { ...options, group: channels });
}

export interface SqueezeExciteOptions {
  readonly squeezed: number;
  readonly inner?: Activation;
  readonly gate?: Activation;
}

/** Channels weighed by a small network on their own means (Hu et al. 2018). */
export function squeezeExcite(net: Layers, x: string, options: SqueezeExciteOptions): string {
  const { squeezed, inner = relu, gate = sigmoid } = options;
  const means = inner(net, net.conv(net.globalPool(x), squeezed, { kernel: 1 }));
  return net.pointwise('Mul', [x, gate(net, net.conv(means, channelsOf(net, x), { kernel: 1 }))]);
}

export function add(net: Layers, a: string, b: string): string {
  return net.pointwise('Add', [a, b]);
}

/** A value in equal parts along its channels. */
export function split(net: Layers, x: string, parts: number): string[] {
  const [channels = 0, ...rest] = net.shape(x);
  const halves = net.graph.multi('Split', [x], parts, { axis: 1 });
  return halves.map((part) => net.note(part, [channels / parts, ...rest]));
}

export function channelsOf(net: Layers, x: string): number {
  return net.shape(x)[0]!;
}

/** The nearest multiple of 8 that is not more than a tenth below (Howard et al. 2019). */
export function toEight(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** Pooled features and a linear classifier of 1000 classes. */
export function classify(net: Layers, x: string): ReturnType<Layers['build']> {
  net.heads(x, { logits: 1000 });
  return net.build();
}

function scalar(net: Layers, value: number): string {
  return net.graph.init(floatTensor([], [value]));
}
