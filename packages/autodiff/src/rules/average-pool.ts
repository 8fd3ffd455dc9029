import { DataType, intAttr, intsAttr } from '@kneepoint/onnx';
import { spreadOverWindows } from '../formulation/spread-over-windows.ts';
import { taps } from '../formulation/taps.ts';
import { slidingOutput, slidingWindow, type Window } from '../formulation/window.ts';
import type { RuleSet, Site } from './rule.ts';

/** Average pooling: every element of a window gets an equal share of the window's gradient. */
export const averagePool: RuleSet = {
  AveragePool: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const x = inputs[0]!;
      const [batch, channels, ...large] = emit.shape(x) as [number, number, ...number[]];
      const small = slidingOutput(node, intsAttr(node, 'kernel_shape'), large);
      if (emit.float !== DataType.DOUBLE) {
        return emit.copy(node, inputs, [{ dims: [batch, channels, ...small], type: emit.float }]);
      }
      const window = slidingWindow(node, intsAttr(node, 'kernel_shape'), large, small);
      const sum = taps(emit, x, window).reduce((a, b) => emit.add(a, b));
      return [emit.mul(sum, shares(site, window))];
    },
    vjp: (site, [dy]) => {
      const { emit, inputs, node } = site;
      const large = emit.shape(inputs[0]!).slice(2);
      const window = slidingWindow(node, intsAttr(node, 'kernel_shape'), large, emit.shape(dy!).slice(2));
      return [spreadOverWindows(emit, emit.mul(dy!, shares(site, window)), window)];
    },
  },

  GlobalAveragePool: {
    forward: ({ emit, inputs, node }) => {
      const [x] = inputs as [string];
      const [batch, channels, ...large] = emit.shape(x) as [number, number, ...number[]];
      if (emit.float === DataType.DOUBLE)
        return [
          emit.reduceMean(
            x,
            large.map((_, axis) => axis + 2),
          ),
        ];
      return emit.copy(node, inputs, [{ dims: [batch, channels, ...large.map(() => 1)], type: emit.float }]);
    },
    vjp: ({ emit, inputs }, [dy]) => {
      const dims = emit.shape(inputs[0]!);
      const share = emit.scalar(1 / dims.slice(2).reduce((a, b) => a * b, 1));
      return [emit.expand(emit.mul(dy!, share), dims)];
    },
  },
};

/** One over the number of elements that each window averages: a scalar where it is the same for all, otherwise 1 × 1 × small.... */
function shares({ emit, node }: Site, window: Window): string {
  const padded = intAttr(node, 'count_include_pad', 0) !== 0;
  const counts = window.kernel.map((_, axis) => countsAlong(node, window, axis, padded));
  const all = counts.reduce<number[]>((heads, own) => heads.flatMap((head) => own.map((count) => head * count)), [1]);
  if (all.every((count) => count === all[0])) return emit.scalar(1 / all[0]!);
  return emit.floats(
    [1, 1, ...window.small],
    all.map((count) => 1 / count),
  );
}

/** Of each position along an axis, how many kernel elements lie on the input, or on what padding was asked for. */
function countsAlong(node: Site['node'], window: Window, axis: number, padded: boolean): number[] {
  const { kernel, stride, dilation, before, after, large, small } = window;
  const rank = kernel.length;
  const asked = intsAttr(node, 'pads', [])[axis + rank] ?? Math.max(0, after[axis]!);
  const [first, end] = padded ? [-before[axis]!, large[axis]! + asked] : [0, large[axis]!];
  return Array.from({ length: small[axis]! }, (_, position) => {
    const start = stride[axis]! * position - before[axis]!;
    const reads = Array.from({ length: kernel[axis]! }, (_, element) => start + dilation[axis]! * element);
    return reads.filter((read) => read >= first && read < end).length;
  });
}
