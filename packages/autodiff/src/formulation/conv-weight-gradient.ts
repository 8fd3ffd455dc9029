import type { Emitter } from '../emit/emitter.ts';
import { columns, padForWindow, taps } from './taps.ts';
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

/** One product over all images and positions: no sum over images, at the price of moving the channels to the front. */
const byOneProduct: WeightGradient = {
  applies: ({ group }) => group === 1,
  emit: (site) => {
    const { emit, window } = site;
    const { batch, inner, outer, elements, positions } = sizes(site);
    const rank = window.kernel.length + 2;
    const front = [1, 0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)];
    const rows = emit.reshape(emit.transpose(site.small, front), [outer, batch * positions]);
    const last = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
    const moved = emit.transpose(padForWindow(emit, site.large, window), last);
    const parts = tapsOfMoved(emit, moved, window);
    const cols = emit.reshape(emit.concat(parts, rank - 1), [batch * positions, elements * inner]);
    const product = emit.reshape(emit.matmul(rows, cols), [outer, elements, inner]);
    return emit.reshape(emit.transpose(product, [0, 2, 1]), [outer, inner, ...window.kernel]);
  },
};

/**
 * Stride 1 along two axes: rows of the kernel as shifts of the small side, its columns as shifts of the large one, both laid out with
 * the same row length. 3 + 3 copies in place of 9, and three products that are three times as high.
 */
const byShifts: WeightGradient = {
  applies: ({ window }) => window.kernel.length === 2 && window.stride.every((step) => step === 1),
  emit: (site) => {
    const { emit, window } = site;
    const { batch, group, inner, outer } = sizes(site);
    const [rows, cols] = window.kernel as [number, number];
    const [down, right] = window.dilation as [number, number];
    const [height, width] = window.small as [number, number];
    const [tall, wide] = [height + down * (rows - 1), width + right * (cols - 1)];
    const length = tall * wide;
    const raised = Array.from({ length: rows }, (_, i) => {
      const padded = emit.pad(site.small, [0, 0, i * down, 0], [0, 0, (rows - 1 - i) * down, wide - width]);
      return emit.reshape(padded, [batch, group, outer, length]);
    });
    const stacked = emit.concat(raised, 2);
    const flat = emit.reshape(padForWindow(emit, site.large, window), [batch, group, inner, length]);
    const longer = emit.pad(flat, [0, 0, 0, 0], [0, 0, 0, (cols - 1) * right]);
    const products = Array.from({ length: cols }, (_, j) => {
      const shifted = emit.slice(longer, [3], [j * right], [j * right + length]);
      const product = emit.matmul(stacked, emit.transpose(shifted, [0, 1, 3, 2]));
      return emit.reshape(emit.reduceSum(product, [0]), [group, rows, outer, inner, 1]);
    });
    const all = emit.transpose(emit.concat(products, 4), [0, 2, 3, 1, 4]);
    return emit.reshape(all, [group * outer, inner, rows, cols]);
  },
};

/** A kernel of one element that reads everything once: the input is its own tap. */
const byProduct: WeightGradient = {
  applies: ({ window }) => isPointwise(window),
  emit: byTaps.emit,
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

export const WEIGHT_GRADIENTS = { byColumns, byTaps, byOneProduct, byShifts, byProduct, byElements } as const;

function tapsOfMoved(emit: Emitter, padded: string, { kernel, stride, dilation, small }: Window): string[] {
  return kernelPositions(kernel).map((position) => {
    const starts = position.map((index, axis) => index * dilation[axis]!);
    const ends = starts.map((start, axis) => start + stride[axis]! * (small[axis]! - 1) + 1);
    return emit.slice(
      padded,
      position.map((_, axis) => axis + 1),
      starts,
      ends,
      stride,
    );
  });
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
