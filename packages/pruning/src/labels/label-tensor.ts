import { broadcast, move, stridesOf, volume } from '@kneepoint/onnx';

/**
 * The labels of a value: one per element, stored with size 1 along every axis where they do not change
 * (1 × C × 1 × 1 for an ordinary activation).
 */
export interface LabelTensor {
  readonly dims: readonly number[];
  readonly data: Int32Array;
}

/** The same label everywhere. */
export function uniform(rank: number, label: number): LabelTensor {
  return { dims: new Array<number>(rank).fill(1), data: Int32Array.of(label) };
}

/** Labels that change along one axis only. */
export function alongAxis(rank: number, axis: number, labels: Int32Array): LabelTensor {
  const dims = new Array<number>(rank).fill(1);
  dims[axis] = labels.length;
  return { dims, data: labels };
}

/** The axes along which labels are stored with more than one position. */
export function varyingAxes(labels: LabelTensor): number[] {
  return labels.dims.flatMap((size, axis) => (size > 1 ? [axis] : []));
}

/** One label per element of a value of shape `dims`. */
export function expanded(labels: LabelTensor, dims: readonly number[]): Int32Array {
  if (volume(labels.dims) === volume(dims)) return labels.data;
  return move(labels.data, broadcast(labels.dims, dims));
}

/** The same labels as class representatives, with size 1 along every axis where those do not change. */
export function collapsed(labels: LabelTensor, find: (label: number) => number): LabelTensor {
  const data = labels.data.map(find);
  let result: LabelTensor = { dims: labels.dims, data };
  for (const axis of varyingAxes(labels)) if (!changesAlong(result, axis)) result = heads(result, axis);
  return result;
}

/** Calls back for every element that is not first along the axis, with the first one's label. */
export function forEachAlong(labels: LabelTensor, axis: number, visit: (first: number, label: number) => void): void {
  const { dims, data } = labels;
  const stride = stridesOf(dims)[axis]!;
  const block = stride * dims[axis]!;
  for (let i = 0; i < data.length; i++) {
    const position = i % block;
    if (position >= stride) visit(data[i - position + (position % stride)]!, data[i]!);
  }
}

function changesAlong(labels: LabelTensor, axis: number): boolean {
  let changes = false;
  forEachAlong(labels, axis, (head, label) => {
    changes ||= head !== label;
  });
  return changes;
}

/** The labels at position 0 of an axis. */
export function heads(labels: LabelTensor, axis: number): LabelTensor {
  const dims = [...labels.dims];
  const stride = stridesOf(dims)[axis]!;
  const block = stride * dims[axis]!;
  const data = labels.data.filter((_, i) => i % block < stride);
  dims[axis] = 1;
  return { dims, data };
}
