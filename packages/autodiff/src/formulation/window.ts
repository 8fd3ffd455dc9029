import type { NodeProto } from '@kneepoint/onnx';
import { intAttr, intsAttr, stringAttr } from '@kneepoint/onnx';

/**
 * How a sliding window meets the spatial axes: element `t` of the kernel at output position `p` reads input position
 * stride · p + dilation · t − before. One entry per spatial axis everywhere.
 */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Padding in front of the input. */
  readonly before: readonly number[];
  /** Padding behind the input, exactly up to the last element that is read; negative where input is left over. */
  readonly after: readonly number[];
  /** Spatial dimensions of the side that the window slides over, and of the other. */
  readonly large: readonly number[];
  readonly small: readonly number[];
}

/** The window of a Conv or pooling node that maps `large` onto `small`. */
export function slidingWindow(
  node: NodeProto,
  kernel: readonly number[],
  large: readonly number[],
  small: readonly number[],
): Window {
  const { stride, dilation } = steps(node, kernel);
  const before = kernel.map((size, axis) => {
    const total = reach(size, stride[axis]!, dilation[axis]!, small[axis]!) - large[axis]!;
    switch (stringAttr(node, 'auto_pad', 'NOTSET')) {
      case 'SAME_UPPER':
        return Math.floor(Math.max(0, total) / 2);
      case 'SAME_LOWER':
        return Math.ceil(Math.max(0, total) / 2);
      case 'VALID':
        return 0;
      default:
        return padsOf(node, kernel)[axis]!;
    }
  });
  return windowOf({ kernel, stride, dilation, before, large, small });
}

/** Spatial dimensions that a Conv or pooling node gives, by the formulas of its specification. */
export function slidingOutput(node: NodeProto, kernel: readonly number[], large: readonly number[]): readonly number[] {
  const { stride, dilation } = steps(node, kernel);
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  const pads = auto === 'VALID' ? kernel.flatMap(() => [0, 0]) : padsOf(node, kernel);
  return kernel.map((size, axis) => {
    const step = stride[axis]!;
    if (auto.startsWith('SAME')) return Math.ceil(large[axis]! / step);
    const [before, after] = [pads[axis]!, pads[axis + kernel.length]!];
    const room = large[axis]! + before + after - dilation[axis]! * (size - 1) - 1;
    if (intAttr(node, 'ceil_mode', 0) === 0) return Math.floor(room / step) + 1;
    const count = Math.ceil(room / step) + 1;
    // The last window must start within the input or its front padding.
    return (count - 1) * step >= large[axis]! + before ? count - 1 : count;
  });
}

/** Spatial dimensions that a ConvTranspose node gives. */
export function transposedOutput(
  node: NodeProto,
  kernel: readonly number[],
  small: readonly number[],
): readonly number[] {
  const { stride, dilation } = steps(node, kernel);
  const given = intsAttr(node, 'output_shape', []);
  if (given.length > 0) return given.slice(-kernel.length);
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  const extra = intsAttr(
    node,
    'output_padding',
    kernel.map(() => 0),
  );
  const pads = auto === 'VALID' ? kernel.flatMap(() => [0, 0]) : padsOf(node, kernel);
  return kernel.map((size, axis) => {
    if (auto.startsWith('SAME')) return small[axis]! * stride[axis]!;
    const full = reach(size, stride[axis]!, dilation[axis]!, small[axis]!) + extra[axis]!;
    return full - pads[axis]! - pads[axis + kernel.length]!;
  });
}

/** The window of a ConvTranspose node, which maps `small` onto `large`. */
export function transposedWindow(
  node: NodeProto,
  kernel: readonly number[],
  large: readonly number[],
  small: readonly number[],
): Window {
  const { stride, dilation } = steps(node, kernel);
  const none = kernel.map(() => 0);
  const extra = intsAttr(node, 'output_padding', none);
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  const automatic = auto.startsWith('SAME') || intsAttr(node, 'output_shape', []).length > 0;
  const before = kernel.map((size, axis) => {
    if (auto === 'VALID') return 0;
    if (!automatic) return padsOf(node, kernel)[axis]!;
    const total = reach(size, stride[axis]!, dilation[axis]!, small[axis]!) + extra[axis]! - large[axis]!;
    return auto === 'SAME_UPPER' ? Math.floor(Math.max(0, total) / 2) : Math.ceil(Math.max(0, total) / 2);
  });
  return windowOf({ kernel, stride, dilation, before, large, small });
}

/** Completes a window: what is read behind the input follows from the rest. */
export function windowOf(given: Omit<Window, 'after'>): Window {
  const { kernel, stride, dilation, before, large, small } = given;
  const after = kernel.map(
    (size, axis) => reach(size, stride[axis]!, dilation[axis]!, small[axis]!) - before[axis]! - large[axis]!,
  );
  return { ...given, after };
}

/** Whether every element of `large` is read at most once. */
export function isDisjoint({ kernel, stride, dilation }: Window): boolean {
  return kernel.every((size, axis) => size === 1 || dilation[axis]! * (size - 1) < stride[axis]!);
}

/** Windows side by side that cover everything once. */
export function isTiling({ kernel, stride, dilation, before, after }: Window): boolean {
  return kernel.every(
    (size, axis) => stride[axis] === size && dilation[axis] === 1 && before[axis] === 0 && after[axis] === 0,
  );
}

/** A kernel of one element at every position: the window does nothing. */
export function isPointwise({ kernel, stride, before, after }: Window): boolean {
  return [...kernel, ...stride].every((size) => size === 1) && [...before, ...after].every((count) => count === 0);
}

/** Kernel positions in row-major order. */
export function kernelPositions(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<number[][]>(
    (all, size) => all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

function steps(node: NodeProto, kernel: readonly number[]) {
  const ones = kernel.map(() => 1);
  return { stride: intsAttr(node, 'strides', ones), dilation: intsAttr(node, 'dilations', ones) };
}

/** Of every axis in front, then of every axis behind. */
function padsOf(node: NodeProto, kernel: readonly number[]): readonly number[] {
  return intsAttr(
    node,
    'pads',
    kernel.flatMap(() => [0, 0]),
  );
}

/** From the first element that is read to the last. */
function reach(kernel: number, stride: number, dilation: number, positions: number): number {
  return stride * (positions - 1) + dilation * (kernel - 1) + 1;
}
