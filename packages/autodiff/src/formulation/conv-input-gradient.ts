import type { Emitter } from '../emit/emitter.ts';
import { convolve, convolveTransposed } from './convolve.ts';
import { repeat } from './repeat.ts';
import { isPointwise, type Window, windowOf } from './window.ts';

/** What a convolution's input gradient is made from. */
export interface InputGradientSite {
  readonly emit: Emitter;
  /** N × O × small... */
  readonly cotangent: string;
  /** O × C/group × kernel... */
  readonly weight: string;
  readonly window: Window;
  readonly group: number;
}

/** One way to compute the gradient, N × C × large.... All agree up to rounding; they differ in speed. */
export interface InputGradient {
  applies(this: void, site: InputGradientSite): boolean;
  emit(this: void, site: InputGradientSite): string;
}

/** The transposed convolution, whatever the window. */
const byTransposed: InputGradient = {
  applies: () => true,
  emit: ({ emit, cotangent, weight, window, group }) => convolveTransposed(emit, cotangent, weight, window, group),
};

/** At stride 1 the transposed convolution is a convolution with the kernel turned around and its channels exchanged. */
const byFlipped: InputGradient = {
  applies: ({ window }) =>
    window.stride.every((step) => step === 1) &&
    window.kernel.every((size, axis) => {
      const reach = window.dilation[axis]! * (size - 1);
      return window.before[axis]! <= reach && window.after[axis]! <= reach;
    }),
  emit: ({ emit, cotangent, weight, window, group }) => {
    const { kernel, dilation, before, large, small } = window;
    const turned = windowOf({
      ...window,
      before: before.map((count, axis) => dilation[axis]! * (kernel[axis]! - 1) - count),
      large: small,
      small: large,
    });
    return convolve(emit, cotangent, flipped(emit, weight, group), turned, group);
  },
};

/**
 * Depthwise with a stride, where convolutions are done in blocks of channels: the cotangent with zeros between its elements goes
 * through the convolution of stride 1, which is cheap in blocks, whereas the transposed convolution has no such kernel.
 */
const bySpacing: InputGradient = {
  applies: (site) => {
    const { emit, weight, window, group } = site;
    const whole = emit.block > 0 && group % emit.block === 0 && emit.shape(weight)[0] === group;
    const depthwise = whole && emit.shape(weight)[1] === 1 && window.kernel.length === 2;
    return depthwise && byFlipped.applies({ ...site, window: spaced(window) });
  },
  emit: (site) => {
    const { emit, window } = site;
    return byFlipped.emit({ ...site, cotangent: withZeros(emit, site.cotangent, window), window: spaced(window) });
  },
};

/** A kernel of one element: a product with the transposed weight at every position. */
const byProduct: InputGradient = {
  applies: ({ window }) => isPointwise(window),
  emit: ({ emit, cotangent, weight, window, group }) => {
    const [out, inner] = emit.shape(weight) as [number, number];
    const batch = emit.shape(cotangent)[0]!;
    const positions = window.small.reduce((a, b) => a * b, 1);
    const rows = emit.transpose(emit.reshape(weight, [1, group, out / group, inner]), [0, 1, 3, 2]);
    const cols = emit.reshape(cotangent, [batch, group, out / group, positions]);
    return emit.reshape(emit.matmul(rows, cols), [batch, group * inner, ...window.large]);
  },
};

export const INPUT_GRADIENTS = { byTransposed, byFlipped, bySpacing, byProduct } as const;

/** The window at stride 1 that reads the same of a small side with stride − 1 zeros behind each of its elements. */
function spaced(window: Window): Window {
  const small = window.small.map((size, axis) => window.stride[axis]! * size);
  return windowOf({ ...window, small, stride: window.stride.map(() => 1) });
}

/** Every element repeated over its share of the large side, all but the first of each share made zero: two passes in long runs. */
function withZeros(emit: Emitter, x: string, { stride, small }: Window): string {
  if (stride.every((step) => step === 1)) return x;
  const [height, width] = small.map((size, axis) => stride[axis]! * size) as [number, number];
  const [down, right] = stride as [number, number];
  const first = Array.from({ length: height * width }, (_, i) =>
    Math.floor(i / width) % down === 0 && (i % width) % right === 0 ? 1 : 0,
  );
  return emit.mul(repeat(emit, x, stride), emit.floats([height, width], first));
}

/** O × C/group × kernel... as C × O/group × kernel..., the kernel turned around. */
function flipped(emit: Emitter, weight: string, group: number): string {
  const [out, inner, ...kernel] = emit.shape(weight) as [number, number, ...number[]];
  const elements = kernel.reduce((a, b) => a * b, 1);
  const exchanged = emit.transpose(emit.reshape(weight, [group, out / group, inner, elements]), [0, 2, 1, 3]);
  const order = emit.ints(Array.from({ length: elements }, (_, i) => elements - 1 - i));
  const turned =
    elements === 1 ? exchanged : emit.node('Gather', [exchanged, order], emit.typeOf(exchanged), { axis: 3 });
  return emit.reshape(turned, [group * inner, out / group, ...kernel]);
}
