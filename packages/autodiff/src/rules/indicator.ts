import type { Emitter } from '../emit/emitter.ts';

/** A power of two, so that scaling by it is exact and a value equal to the threshold gives exactly zero. */
const STEEP = 2 ** 100;

/**
 * 1 where x > threshold, 0 elsewhere, in the element type of x. A hard sigmoid so steep that no number of a network lies on its
 * slope: one vectorised pass over memory, where Greater and Cast take two and Where is slower still.
 */
export function above(emit: Emitter, x: string, threshold = 0): string {
  return emit.unary('HardSigmoid', x, { alpha: { float: STEEP }, beta: { float: -STEEP * Math.fround(threshold) } });
}

/** A Boolean value as 0 and 1 of the graph's float type, to multiply with. */
export function asMask(emit: Emitter, condition: string): string {
  return emit.cast(condition, emit.float);
}

/** Splits a cotangent: what passes where the mask is 1, and the rest. Each element goes to exactly one side. */
export function route(emit: Emitter, dy: string, mask: string): readonly [string, string] {
  const passed = emit.mul(dy, mask);
  return [passed, emit.sub(dy, passed)];
}
