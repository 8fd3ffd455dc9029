import type { Emitter } from '../emit/emitter.ts';

/** Every element of N × C × H × W repeated `times` along both spatial axes: the runtime's fastest way to do so. Float32 only on the CPU. */
export function repeat(emit: Emitter, x: string, times: readonly number[]): string {
  if (times.every((count) => count === 1)) return x;
  const [batch, channels, ...small] = emit.shape(x) as [number, number, ...number[]];
  const dims = [batch, channels, ...small.map((size, axis) => times[axis]! * size)];
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  const scales = emit.floats([dims.length], [1, 1, ...times]);
  return emit.node('Resize', [x, '', scales], { dims, type: emit.float }, attributes);
}
