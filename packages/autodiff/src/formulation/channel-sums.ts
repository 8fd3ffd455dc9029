import type { Emitter } from '../emit/emitter.ts';

/** Per channel of N × C × ...: the sum of a value, and of its products with another. Vectors of C. */
export function sumsWith(
  emit: Emitter,
  value: string,
  other: string,
): { readonly own: string; readonly along: string } {
  const axes = emit.shape(value).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return {
    own: emit.reduceSum(value, axes, false),
    along: emit.reduceSum(emit.mul(value, other), axes, false),
  };
}
