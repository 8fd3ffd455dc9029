import { DataType, elementCount } from '@kneepoint/onnx';
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
  // MaxUnpool writes, so that it takes one winner per element; 1.5 against 0.5 ms for 16 channels @ 64. CUDA has no kernel for it.
  if (emit.target === 'cpu' && emit.float === DataType.FLOAT && isDisjoint(window) && fitsUnpool(window)) {
    const attributes = { kernel_shape: window.kernel, strides: window.stride };
    const type = { dims: large, type: emit.float };
    return emit.node('MaxUnpool', [dy, indices, emit.ints(large)], type, attributes);
  }
  const flat = (value: string) => emit.reshape(value, [elementCount(emit.shape(value))]);
  const zeros = emit.expand(emit.scalar(0), [elementCount(large)]);
  // An element can win several windows when they overlap.
  const attributes = isDisjoint(window) ? {} : { reduction: 'add' };
  const inputs = [zeros, flat(indices), flat(dy)];
  return emit.reshape(emit.node('ScatterElements', inputs, emit.typeOf(zeros), { axis: 0, ...attributes }), large);
}

/** MaxUnpool insists on room for every kernel, though it writes where the indices say. */
function fitsUnpool({ kernel, stride, large, small }: Window): boolean {
  return large.every((size, axis) => stride[axis]! * (small[axis]! - 1) + kernel[axis]! <= size);
}
