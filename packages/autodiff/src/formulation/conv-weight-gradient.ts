import type { Emitter } from '../emit/emitter.ts';
import { convolve } from './convolve.ts';
import { columns, tap, taps } from './taps.ts';
import { isPointwise, kernelPositions, type Window } from './window.ts';

/** What a convolution's weight gradient is made from. */
export interface WeightGradientSite {
  readonly emit: Emitter;
  /** The side that the window slides over, N × C × large...: input of Conv, cotangent of ConvTranspose. */
  readonly large: string;
  /** The other side, N × O × small...: cotangent of Conv, input of ConvTranspose. */
  readonly small: string;
  readonly window: Window;
  readonly group: number;
}

/** One way to compute the gradient, O × C/group × kernel.... All agree up to rounding; they differ in speed. */
export interface WeightGradient {
  applies(this: void, site: WeightGradientSite): boolean;
  emit(this: void, site: WeightGradientSite): string;
}

/** im2col: one product of the small side with the columns of the large side, per image and group, added up over the images. */
const byColumns: WeightGradient = {
  applies: () => true,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, group, inner, outer, elements, positions } = sizes(site);
    const cols = emit.reshape(columns(emit, site.large, window), [batch, group, inner * elements, positions]);
    const rows = emit.reshape(site.small, [batch, group, outer, positions]);
    const product = emit.matmul(rows, emit.transpose(cols, [0, 1, 3, 2]));
    return emit.reshape(emit.reduceSum(product, [0]), [group * outer, inner, ...window.kernel]);
  },
};

/** One product per kernel element, of the small side with the slice of the large side that the element sees. */
const byTaps: WeightGradient = {
  applies: () => true,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, group, inner, outer, positions } = sizes(site);
    const rows = emit.reshape(site.small, [batch, group, outer, positions]);
    const parts = taps(emit, site.large, window).map((tap) => {
      const cols = emit.transpose(emit.reshape(tap, [batch, group, inner, positions]), [0, 1, 3, 2]);
      return emit.reshape(emit.reduceSum(emit.matmul(rows, cols), [0]), [group * outer, inner, 1]);
    });
    return emit.reshape(emit.concat(parts, 2), [group * outer, inner, ...window.kernel]);
  },
};

/**
 * One product per kernel element, with the channels moved behind the positions: a slice is then copied in long runs, also at a stride,
 * and goes into the product as it lies.
 */
const byMovedTaps: WeightGradient = {
  applies: ({ group }) => group === 1,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, inner, outer, positions } = sizes(site);
    const axes = window.kernel.map((_, axis) => axis + 2);
    const moved = emit.transpose(site.large, [0, ...axes, 1]);
    const padded = emit.pad(moved, [0, ...window.before, 0], [0, ...window.after, 0]);
    const rows = emit.reshape(site.small, [batch, outer, positions]);
    const parts = kernelPositions(window.kernel).map((position) => {
      const cols = emit.reshape(tap(emit, padded, window, position, 1), [batch, positions, inner]);
      return emit.reduceSum(emit.matmul(rows, cols), [0]);
    });
    const turned = emit.transpose(emit.concat(parts, 0), [1, 2, 0]);
    return emit.reshape(turned, [outer, inner, ...window.kernel]);
  },
};

/**
 * As moved taps, the images of the batch laid end to end: one product per kernel element whose inner side is all positions of all images,
 * in place of a product for each image and a sum over them, which for many channels at few positions is most of the work.
 */
const byJoinedTaps: WeightGradient = {
  applies: ({ group }) => group === 1,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, inner, outer, positions } = sizes(site);
    const axes = window.kernel.map((_, axis) => axis + 2);
    const moved = emit.transpose(site.large, [0, ...axes, 1]);
    const padded = emit.pad(moved, [0, ...window.before, 0], [0, ...window.after, 0]);
    const flat = emit.reshape(site.small, [batch, outer, positions]);
    const rows = emit.reshape(emit.transpose(flat, [1, 0, 2]), [outer, batch * positions]);
    const parts = kernelPositions(window.kernel).map((position) => {
      const cols = emit.reshape(tap(emit, padded, window, position, 1), [batch * positions, inner]);
      return emit.reshape(emit.matmul(rows, cols), [1, outer, inner]);
    });
    const turned = emit.transpose(emit.concat(parts, 0), [1, 2, 0]);
    return emit.reshape(turned, [outer, inner, ...window.kernel]);
  },
};

/**
 * At stride 1 along two axes: columns of the kernel as shifts of the small side, stacked, its rows as slices of the large one, both with
 * the same row length. Three products that are three times as high in place of nine, with fewer copies of the large side.
 */
const byShifts: WeightGradient = {
  applies: ({ window, group }) =>
    group === 1 && window.kernel.length === 2 && window.stride.every((step) => step === 1),
  emit: (site) => {
    const { emit, window } = site;
    const { batch, inner, outer } = sizes(site);
    const [rows, cols] = window.kernel as [number, number];
    const [down, right] = window.dilation as [number, number];
    const [height, width] = window.small as [number, number];
    const spare = right * (cols - 1);
    const length = height * (width + spare);
    const shifted = Array.from({ length: cols }, (_, j) => {
      const padded = emit.pad(site.small, [0, 0, 0, j * right], [0, 0, 0, spare - j * right]);
      return emit.reshape(padded, [batch, outer, length]);
    });
    const stacked = emit.concat(shifted, 1);
    const moved = emit.transpose(site.large, [0, 2, 3, 1]);
    const padded = emit.pad(moved, [0, ...window.before, 0], [0, ...window.after, 0]);
    const products = Array.from({ length: rows }, (_, i) => {
      const slice = emit.slice(padded, [1], [i * down], [i * down + height]);
      return emit.reduceSum(emit.matmul(stacked, emit.reshape(slice, [batch, length, inner])), [0]);
    });
    const all = emit.reshape(emit.concat(products, 0), [rows, cols, outer, inner]);
    return emit.transpose(all, [2, 3, 0, 1]);
  },
};

/** A kernel of one element that reads everything once: the input is its own tap. */
const byProduct: WeightGradient = {
  applies: ({ window }) => isPointwise(window),
  emit: byTaps.emit,
};

/**
 * Depthwise, where convolutions are done in blocks of channels: every channel of every image is convolved with its own cotangent, all
 * in one depthwise convolution with kernels as large as the small side, and what remains is to add up the images.
 */
const byDepthwise: WeightGradient = {
  applies: (site) => {
    const { inner, outer, group } = sizes(site);
    const { kernel, before, after, stride } = site.window;
    const fits = before.every((count) => count >= 0) && after.every((count, axis) => -count < stride[axis]!);
    return inner === 1 && outer === 1 && fits && kernel.length === 2 && blocks(site.emit, group);
  },
  emit: ({ emit, large, small, window, group }) => {
    const batch = emit.shape(large)[0]!;
    const images = emit.reshape(large, [1, batch * group, ...window.large]);
    const kernels = emit.reshape(small, [batch * group, 1, ...window.small]);
    const exchanged = { ...window, kernel: window.small, small: window.kernel };
    const each = convolve(
      emit,
      images,
      kernels,
      { ...exchanged, stride: window.dilation, dilation: window.stride },
      batch * group,
    );
    const sum = emit.reduceSum(emit.reshape(each, [batch, group, ...window.kernel]), [0]);
    return emit.reshape(sum, [group, 1, ...window.kernel]);
  },
};

/** Depthwise: per kernel element, products of numbers added up over images and positions. */
const byElements: WeightGradient = {
  applies: (site) => sizes(site).inner === 1,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, group, outer, positions } = sizes(site);
    const rows = emit.reshape(site.small, [batch, group, outer, positions]);
    const parts = taps(emit, site.large, window).map((tap) => {
      const shares = emit.mul(rows, emit.reshape(tap, [batch, group, 1, positions]));
      return emit.reshape(emit.reduceSum(shares, [0, 3]), [group * outer, 1, 1]);
    });
    return emit.reshape(emit.concat(parts, 2), [group * outer, 1, ...window.kernel]);
  },
};

export const WEIGHT_GRADIENTS = {
  byColumns,
  byTaps,
  byMovedTaps,
  byJoinedTaps,
  byShifts,
  byProduct,
  byDepthwise,
  byElements,
} as const;

/** Whether so many channels make whole blocks (see `Emitter.block`). */
function blocks(emit: Emitter, channels: number): boolean {
  return emit.block > 0 && channels % emit.block === 0;
}

function sizes({ emit, large, small, window, group }: WeightGradientSite) {
  const [batch, channels] = emit.shape(large) as [number, number];
  return {
    batch,
    group,
    inner: channels / group,
    outer: emit.shape(small)[1]! / group,
    elements: window.kernel.reduce((a, b) => a * b, 1),
    positions: window.small.reduce((a, b) => a * b, 1),
  };
}
