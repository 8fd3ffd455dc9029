import type { NodeProto } from '@kneepoint/onnx';
import { intsAttr, stridesOf, stringAttr, volume } from '@kneepoint/onnx';

/** What a convolution sees from each output position, along every spatial axis. */
export interface Window {
  readonly transposed: boolean;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before the first element; of a transposed convolution, what is cut off there. */
  readonly begins: readonly number[];
}

/** The places that some output positions read, position by position and tap by tap. */
export interface Taps {
  /** Flat spatial index into the input; 0 where there is none. */
  readonly index: BigInt64Array;
  /** 1 inside of the input, 0 in its padding. */
  readonly inside: Float32Array;
}

/** The window of a Conv or ConvTranspose with the spatial sizes given; undefined where the padding of a transposed one is left to the runtime. */
export function windowOf(
  node: NodeProto,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Window | undefined {
  const transposed = node.opType === 'ConvTranspose';
  const ones = kernel.map(() => 1);
  const strides = intsAttr(node, 'strides', ones);
  const dilations = intsAttr(node, 'dilations', ones);
  const padding = stringAttr(node, 'auto_pad', 'NOTSET');
  const shared = { transposed, input, output, kernel, strides, dilations };
  if (transposed && (padding.startsWith('SAME') || intsAttr(node, 'output_shape', []).length > 0)) return undefined;
  if (!padding.startsWith('SAME')) {
    const none = kernel.flatMap(() => [0, 0]);
    const pads = padding === 'VALID' ? none : intsAttr(node, 'pads', none);
    return { ...shared, begins: pads.slice(0, kernel.length) };
  }
  const begins = kernel.map((size, axis) => {
    const needed = (output[axis]! - 1) * strides[axis]! + (size - 1) * dilations[axis]! + 1 - input[axis]!;
    const total = Math.max(0, needed);
    return padding === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { ...shared, begins };
}

/** Where output positions (flat spatial indices) read their input. A transposed convolution reads where a stride meets one. */
export function tapsAt(window: Window, positions: ArrayLike<number>): Taps {
  const { input, output, kernel } = window;
  const taps = volume(kernel);
  const index = new BigInt64Array(positions.length * taps);
  const inside = new Float32Array(index.length);
  const [inputs, outputs, kernels] = [stridesOf(input), stridesOf(output), stridesOf(kernel)];
  for (let p = 0, at = 0; p < positions.length; p++) {
    for (let tap = 0; tap < taps; tap++, at++) {
      let place = 0;
      for (let axis = 0; axis < kernel.length && place >= 0; axis++) {
        const o = Math.floor(positions[p]! / outputs[axis]!) % output[axis]!;
        const i = inputAt(window, axis, o, Math.floor(tap / kernels[axis]!) % kernel[axis]!);
        place = i < 0 ? -1 : place + i * inputs[axis]!;
      }
      if (place < 0) continue;
      index[at] = BigInt(place);
      inside[at] = 1;
    }
  }
  return { index, inside };
}

/** Index along one axis, or −1 outside. */
function inputAt(
  { transposed, input, strides, dilations, begins }: Window,
  axis: number,
  output: number,
  tap: number,
): number {
  const [stride, reach] = [strides[axis]!, tap * dilations[axis]!];
  const i = transposed ? (output + begins[axis]! - reach) / stride : output * stride - begins[axis]! + reach;
  return Number.isInteger(i) && i >= 0 && i < input[axis]! ? i : -1;
}
