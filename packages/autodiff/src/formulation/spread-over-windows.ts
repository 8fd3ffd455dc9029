import type { Emitter } from '../emit/emitter.ts';
import { convolveTransposed } from './convolve.ts';
import { isTiling, type Window } from './window.ts';

/**
 * Gives every element of the large side the sum of the numbers of all windows that read it: the transpose of summing windows.
 * @param shares N × C × small...
 * @returns N × C × large...
 */
export function spreadOverWindows(emit: Emitter, shares: string, window: Window): string {
  const [batch, channels] = emit.shape(shares) as [number, number];
  const { kernel, large, small } = window;
  if (isTiling(window)) {
    const apart = emit.reshape(shares, [batch, channels, ...small.flatMap((size) => [size, 1])]);
    const tiled = emit.expand(apart, [batch, channels, ...small.flatMap((size, axis) => [size, kernel[axis]!])]);
    return emit.reshape(tiled, [batch, channels, ...large]);
  }
  // Channels do not mix, so that each is an image of its own.
  const images = emit.reshape(shares, [batch * channels, 1, ...small]);
  const ones = emit.floats([1, 1, ...kernel], new Array<number>(kernel.reduce((a, b) => a * b, 1)).fill(1));
  return emit.reshape(convolveTransposed(emit, images, ones, window), [batch, channels, ...large]);
}
