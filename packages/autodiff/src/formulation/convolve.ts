import { DataType } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { addTaps, columns } from './taps.ts';
import { kernelPositions, type Window } from './window.ts';

/**
 * Convolution by the runtime's kernel; in float64, where it has none, as a matrix product of columns.
 * @param x N × C × large...
 * @param weight O × C/group × kernel...
 * @returns N × O × small...
 */
export function convolve(emit: Emitter, x: string, weight: string, window: Window, group = 1, bias?: string): string {
  const [batch, channels] = emit.shape(x) as [number, number];
  const [out, inner] = emit.shape(weight) as [number, number];
  const dims = [batch, out, ...window.small];
  if (emit.float === DataType.FLOAT && fitsKernel(window)) {
    const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
    return emit.node('Conv', inputs, { dims, type: emit.float }, attributes(window, group));
  }
  const elements = window.kernel.reduce((a, b) => a * b, 1);
  const positions = window.small.reduce((a, b) => a * b, 1);
  const cols = emit.reshape(columns(emit, x, window), [batch, group, (channels / group) * elements, positions]);
  const rows = emit.reshape(weight, [1, group, out / group, inner * elements]);
  const product = emit.reshape(emit.matmul(rows, cols), dims);
  if (bias === undefined) return product;
  return emit.add(product, emit.reshape(bias, [out, ...window.small.map(() => 1)]));
}

/**
 * The transpose of `convolve` with respect to its input: ConvTranspose; in float64 a matrix product whose columns are added up.
 * @param y N × O × small...
 * @param weight O × C/group × kernel...
 * @returns N × C × large...
 */
export function convolveTransposed(
  emit: Emitter,
  y: string,
  weight: string,
  window: Window,
  group = 1,
  bias?: string,
): string {
  const [batch, out] = emit.shape(y) as [number, number];
  const inner = emit.shape(weight)[1]!;
  const dims = [batch, inner * group, ...window.large];
  if (emit.float === DataType.FLOAT && fitsKernel(window)) {
    const inputs = bias === undefined ? [y, weight] : [y, weight, bias];
    if (emit.target === 'cuda') return transposedEvenly(emit, inputs, dims, window, group);
    const all = { ...attributes(window, group), output_padding: window.after.map((count) => Math.max(0, -count)) };
    return emit.node('ConvTranspose', inputs, { dims, type: emit.float }, all);
  }
  const elements = window.kernel.reduce((a, b) => a * b, 1);
  const positions = window.small.reduce((a, b) => a * b, 1);
  const rows = emit.reshape(emit.transpose(emit.reshape(weight, [group, out / group, inner * elements]), [0, 2, 1]), [
    1,
    group,
    inner * elements,
    out / group,
  ]);
  const shares = emit.matmul(rows, emit.reshape(y, [batch, group, out / group, positions]));
  const apart = emit.reshape(shares, [batch, group * inner, elements, positions]);
  const parts = kernelPositions(window.kernel).map((_, i) =>
    emit.reshape(emit.slice(apart, [2], [i], [i + 1]), [batch, group * inner, ...window.small]),
  );
  const sum = addTaps(emit, parts, window);
  if (bias === undefined) return sum;
  return emit.add(sum, emit.reshape(bias, [inner * group, ...window.small.map(() => 1)]));
}

/** CUDA has ConvTranspose for padding that is the same at both ends only: what is left over there is sliced off. */
function transposedEvenly(
  emit: Emitter,
  inputs: readonly string[],
  dims: readonly number[],
  window: Window,
  group: number,
): string {
  const less = window.before.map((count, axis) => Math.min(count, Math.max(0, window.after[axis]!)));
  const even = attributes({ ...window, before: less, after: less }, group);
  const beyond = window.after.map((count) => Math.max(0, -count));
  const starts = window.before.map((count, axis) => count - less[axis]!);
  const ends = starts.map((start, axis) => start + window.large[axis]!);
  const whole = ends.map((end, axis) => end + Math.max(0, window.after[axis]!) - less[axis]!);
  const type = { dims: [...dims.slice(0, 2), ...whole], type: emit.float };
  const x = emit.node('ConvTranspose', inputs, type, { ...even, output_padding: beyond });
  return emit.slice(
    x,
    starts.map((_, axis) => axis + 2),
    starts,
    ends,
  );
}

/** No kernel takes negative padding; input left over behind the last window is no trouble below the stride. */
function fitsKernel({ before, after, stride }: Window): boolean {
  return before.every((count) => count >= 0) && after.every((count, axis) => -count < stride[axis]!);
}

function attributes({ kernel, stride, dilation, before, after }: Window, group: number) {
  const pads = [...before, ...after.map((count) => Math.max(0, count))];
  return { kernel_shape: kernel, strides: stride, dilations: dilation, pads, group };
}
