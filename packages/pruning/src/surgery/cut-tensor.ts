import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { TensorProto, TypedArray } from '@kneepoint/onnx';
import {
  constantDims,
  droppedTwin,
  isDropped,
  readTensor,
  TensorProtoSchema,
  volume,
  writeTensor,
} from '@kneepoint/onnx';
import type { Cut, GroupCut } from '../trace/edits.ts';

/** Positions that stay for a list of labels, ascending. */
export type Kept = (labels: Int32Array) => number[];

/** The tensor without the positions whose label goes, under a new name. A skeleton's tensor keeps having no payload. */
export function cutTensor(tensor: TensorProto, name: string, cuts: readonly Cut[], kept: Kept): TensorProto {
  const dims = cutDims(constantDims(tensor), cuts, kept);
  if (isDropped(tensor)) return droppedTwin(tensor, name, dims);
  // Rows first: they go in large blocks, and leave less for the columns.
  const [first, ...others] = [...cuts].sort((a, b) => axisOf(a) - axisOf(b));
  const rows = first?.kind === 'axis' && first.axis === 0 ? storedRows(tensor, kept(first.labels)) : undefined;
  const { type, ...whole } = readTensor(rows ?? tensor);
  let [data, shape] = [whole.data, whole.dims];
  for (const cut of first && !rows ? [first, ...others] : others) {
    data = cut.kind === 'axis' ? select(data, shape, cut.axis, kept(cut.labels)) : selectGroups(data, shape, cut, kept);
    shape = cutDims(shape, [cut], kept);
  }
  return writeTensor(name, { dims: shape, type, data });
}

/** Rows of a tensor moved as bytes, as they lie in the file: read as numbers, a large weight would be copied whole to be aligned. */
function storedRows(tensor: TensorProto, rows: readonly number[]): TensorProto | undefined {
  const { dataType, rawData } = tensor;
  const [count = 0, ...rest] = constantDims(tensor);
  const bytes = rawData.byteLength / count;
  if (!Number.isInteger(bytes) || bytes === 0) return undefined;
  const left = select(rawData, [count, bytes], 0, rows) as Uint8Array<ArrayBuffer>;
  return create(TensorProtoSchema, {
    name: tensor.name,
    dataType,
    dims: [rows.length, ...rest].map(BigInt),
    rawData: left,
  });
}

/** The shape that cuts leave. */
export function cutDims(dims: readonly number[], cuts: readonly Cut[], kept: Kept): number[] {
  const result = [...dims];
  for (const cut of cuts) {
    if (cut.kind === 'axis') result[cut.axis] = kept(cut.labels).length;
    else {
      const groups = keptGroups(dims, cut, kept);
      result[0] = groups.reduce((sum, group) => sum + group.major.length, 0);
      result[1] = groups[0]?.minor.length ?? 0;
    }
  }
  return result;
}

function axisOf(cut: Cut): number {
  return cut.kind === 'axis' ? cut.axis : 0;
}

interface KeptGroup {
  /** Rows along axis 0 of the whole weight. */
  readonly major: readonly number[];
  /** Positions along axis 1. */
  readonly minor: readonly number[];
}

function keptGroups(dims: readonly number[], cut: GroupCut, kept: Kept): KeptGroup[] {
  const [rows, columns] = [cut.major.length / cut.groups, cut.minor.length / cut.groups];
  const groups: KeptGroup[] = [];
  for (let g = 0; g < cut.groups; g++) {
    const major = kept(cut.major.subarray(g * rows, (g + 1) * rows)).map((row) => row + g * rows);
    const minor = kept(cut.minor.subarray(g * columns, (g + 1) * columns));
    if (major.length > 0 && minor.length > 0) groups.push({ major, minor });
  }
  const [first] = groups;
  if (
    groups.some((group) => group.major.length !== first!.major.length || group.minor.length !== first!.minor.length)
  ) {
    throw new Failure(
      'SURGERY_UNEQUAL_GROUPS',
      'the groups of a convolution would keep different numbers of channels',
      {
        where: `weight of shape [${dims.join(', ')}] in ${cut.groups} groups`,
      },
    );
  }
  return groups;
}

function selectGroups(data: TypedArray, dims: readonly number[], cut: GroupCut, kept: Kept): TypedArray {
  const inner = volume(dims.slice(2));
  const row = dims[1]! * inner;
  const groups = keptGroups(dims, cut, kept);
  const result = emptyLike(data, volume(cutDims(dims, [cut], kept)));
  let next = 0;
  for (const { major, minor } of groups) {
    for (const m of major) next = copyRuns(data, result, m * row, minor, inner, next);
  }
  return result;
}

function select(data: TypedArray, dims: readonly number[], axis: number, positions: readonly number[]): TypedArray {
  const inner = volume(dims.slice(axis + 1));
  const outer = volume(dims.slice(0, axis));
  const result = emptyLike(data, outer * positions.length * inner);
  let next = 0;
  for (let o = 0; o < outer; o++) next = copyRuns(data, result, o * dims[axis]! * inner, positions, inner, next);
  return result;
}

/** Copies blocks of `inner` elements; neighbouring positions go in one move. */
function copyRuns(
  from: TypedArray,
  to: TypedArray,
  offset: number,
  positions: readonly number[],
  inner: number,
  start: number,
): number {
  let next = start;
  for (let i = 0; i < positions.length;) {
    let end = i + 1;
    while (end < positions.length && positions[end] === positions[end - 1]! + 1) end++;
    const length = (end - i) * inner;
    const source = offset + positions[i]! * inner;
    if (length < SHORT) for (let k = 0; k < length; k++) to[next + k] = from[source + k]!;
    else (to as Uint8Array).set(from.subarray(source, source + length) as Uint8Array, next);
    next += length;
    i = end;
  }
  return next;
}

/** Below this many elements a loop beats a view and a block move. */
const SHORT = 32;

function emptyLike(data: TypedArray, length: number): TypedArray {
  const Result = data.constructor as new (length: number) => TypedArray;
  return new Result(length);
}
