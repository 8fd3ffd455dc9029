import { intTensor } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';

/** Up to so many elements that read the same source are added as separate gathers; more go through one scatter. */
const LAYERS = 4;

/**
 * The vjp of gathering along an axis: adds the elements of `dy` up where they were read. With indices that are known, a sum of
 * gathers: the k-th of them fetches the k-th reader of every source, or a zero. That is a plain permutation for a channel shuffle,
 * and, in contrast to a scatter on CUDA, the same from run to run.
 * @param dy its axis as long as `indices`
 * @param length of the axis before gathering
 * @param indices non-negative
 */
export function gatherBack(
  emit: Emitter,
  dy: string,
  axis: number,
  length: number,
  indices: readonly number[],
): string {
  const first = indices[0] ?? 0;
  if (indices.length > 0 && indices.every((index, i) => index === first + i)) {
    return padAxis(emit, dy, axis, first, length - first - indices.length);
  }
  const readers = Array.from({ length }, (): number[] => []);
  indices.forEach((index, position) => readers[index]!.push(position));
  const most = readers.reduce((max, { length: count }) => Math.max(max, count), 0);
  if (most > LAYERS) return scatterBack(emit, dy, axis, length, emit.ints(indices));
  const missing = indices.length;
  const padded = readers.some(({ length: count }) => count < most) || most === 0;
  const source = padded ? padAxis(emit, dy, axis, 0, 1) : dy;
  const dims = emit.shape(dy).map((dim, a) => (a === axis ? length : dim));
  return Array.from({ length: Math.max(most, 1) }, (_, layer) => {
    const from = emit.ints(readers.map((positions) => positions[layer] ?? missing));
    return emit.node('Gather', [source, from], { dims, type: emit.typeOf(dy).type }, { axis });
  }).reduce((a, b) => emit.add(a, b));
}

/** The same for indices that the graph computes: a vector of int32 or int64, negative ones counting from the end. */
export function scatterBack(emit: Emitter, dy: string, axis: number, length: number, indices: string): string {
  const dims = emit.shape(dy);
  const column = emit.reshape(
    indices,
    dims.map((dim, a) => (a === axis ? dim : 1)),
  );
  const into = dims.map((dim, a) => (a === axis ? length : dim));
  return scatterAdd(emit, into, emit.expand(column, dims), dy, axis);
}

/** Zeros with the elements of `updates` added at `indices` along an axis; both of the same shape. */
export function scatterAdd(
  emit: Emitter,
  dims: readonly number[],
  indices: string,
  updates: string,
  axis: number,
): string {
  const zeros = emit.expand(emit.scalar(0), dims);
  const type = { dims, type: emit.typeOf(updates).type };
  return emit.node('ScatterElements', [zeros, indices, updates], type, { axis, reduction: 'add' });
}

/** The elements of an axis in reverse order. */
export function reversed(emit: Emitter, x: string, axis: number): string {
  const dims = emit.shape(x);
  const operands = [[-1], [-dims[axis]! - 1], [axis], [-1]].map((values) => emit.init(intTensor(values)));
  return emit.node('Slice', [x, ...operands], { dims, type: emit.typeOf(x).type });
}

/** Zeros before and after along one axis; negative counts cut off. */
export function padAxis(emit: Emitter, x: string, axis: number, before: number, after: number): string {
  const rank = emit.shape(x).length;
  const along = (count: number) => Array.from({ length: rank }, (_, a) => (a === axis ? count : 0));
  return emit.pad(x, along(before), along(after));
}
