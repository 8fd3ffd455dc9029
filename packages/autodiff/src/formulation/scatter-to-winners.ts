import { elementCount } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { isDisjoint, type Window } from './window.ts';

/**
 * The gradient of max pooling, N × C × large....
 * @param dy N × C × small...
 * @param indices of the same shape: the winner of each window, counted over all elements of the large side
 */
export function scatterToWinners(
  emit: Emitter,
  dy: string,
  indices: string,
  window: Window,
  large: readonly number[],
): string {
  const flat = (value: string) => emit.reshape(value, [elementCount(emit.shape(value))]);
  const zeros = emit.expand(emit.scalar(0), [elementCount(large)]);
  // An element can win several windows when they overlap.
  const attributes = isDisjoint(window) ? {} : { reduction: 'add' };
  const inputs = [zeros, flat(indices), flat(dy)];
  return emit.reshape(emit.node('ScatterElements', inputs, emit.typeOf(zeros), { axis: 0, ...attributes }), large);
}
