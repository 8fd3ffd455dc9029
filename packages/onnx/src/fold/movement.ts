/**
 * Operators that only move elements, as maps from result position to source position. One implementation serves labels,
 * shape arithmetic and weights: what is moved does not matter to a movement.
 */
export interface Movement {
  /** Shape of the result. */
  readonly dims: readonly number[];
  /** Source position of each element of the result, row-major. */
  readonly index: Int32Array;
}

/** A typed array that elements can be moved in. */
export type Elements = Int32Array | Float64Array | Float32Array;

/** The product of dimensions; 1 for a scalar. */
export function volume(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Row-major strides of a shape. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** Applies a movement to data of the source's shape. */
export function move<T extends Elements>(data: T, movement: Movement): T {
  const Result = data.constructor as new (length: number) => T;
  const result = new Result(movement.index.length);
  for (let i = 0; i < result.length; i++) result[i] = data[movement.index[i]!]!;
  return result;
}

/** A movement whose result position i along each axis reads the source at offset + Σ i·stride. */
export function strided(dims: readonly number[], strides: readonly number[], offset = 0): Movement {
  const index = new Int32Array(volume(dims));
  const at = new Array<number>(dims.length).fill(0);
  let source = offset;
  for (let i = 0; i < index.length; i++) {
    index[i] = source;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++at[axis]! < dims[axis]!) break;
      source -= strides[axis]! * dims[axis]!;
      at[axis] = 0;
    }
  }
  return { dims, index };
}

/** ONNX Transpose. */
export function transposition(dims: readonly number[], perm: readonly number[]): Movement {
  const strides = stridesOf(dims);
  return strided(
    perm.map((axis) => dims[axis]!),
    perm.map((axis) => strides[axis]!),
  );
}

/** Numpy broadcasting of `from` to `to`: lower ranks gain leading axes, axes of size 1 repeat. */
export function broadcast(from: readonly number[], to: readonly number[]): Movement {
  const strides = stridesOf(from);
  const lead = to.length - from.length;
  return strided(
    to,
    to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead]!)),
  );
}

/** Chosen positions along one axis: Gather with a list, Slice, and the cutting of weights. */
export function selection(dims: readonly number[], axis: number, positions: ArrayLike<number>): Movement {
  const inner = volume(dims.slice(axis + 1));
  const outer = volume(dims.slice(0, axis));
  const size = dims[axis]!;
  const result = [...dims];
  result[axis] = positions.length;
  const index = new Int32Array(outer * positions.length * inner);
  let next = 0;
  for (let o = 0; o < outer; o++) {
    for (let p = 0; p < positions.length; p++) {
      const start = (o * size + positions[p]!) * inner;
      for (let i = 0; i < inner; i++) index[next++] = start + i;
    }
  }
  return { dims: result, index };
}

/** Joins data along an axis; all other dimensions agree. */
export function concatenate<T extends Elements>(
  parts: readonly { readonly dims: readonly number[]; readonly data: T }[],
  axis: number,
): { dims: number[]; data: T } {
  const first = parts[0]!;
  const dims = [...first.dims];
  dims[axis] = parts.reduce((sum, part) => sum + part.dims[axis]!, 0);
  const outer = volume(dims.slice(0, axis));
  const Result = first.data.constructor as new (length: number) => T;
  const data = new Result(volume(dims));
  let next = 0;
  for (let o = 0; o < outer; o++) {
    for (const part of parts) {
      const run = volume(part.dims.slice(axis));
      data.set(part.data.subarray(o * run, (o + 1) * run), next);
      next += run;
    }
  }
  return { dims, data };
}

/** An axis counted from the end when negative. */
export function normalAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** First position, number of positions and step of an ONNX Slice along an axis of `size`; start and end may lie outside. */
export function sliceRange(size: number, start: number, end: number, step: number): { start: number; count: number } {
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  if (step > 0) {
    const first = clamp(from, 0, size);
    return { start: first, count: Math.max(0, Math.ceil((clamp(to, 0, size) - first) / step)) };
  }
  const first = clamp(from, -1, size - 1);
  return { start: first, count: Math.max(0, Math.ceil((first - clamp(to, -1, size - 1)) / -step)) };
}

/** The shape that an ONNX Reshape operand asks for; undefined when the elements do not fit. */
export function reshapeTarget(
  dims: readonly number[],
  operand: readonly number[],
  allowZero = false,
): number[] | undefined {
  const target = operand.map((size, axis) => (size === 0 && !allowZero ? (dims[axis] ?? 0) : size));
  const free = target.indexOf(-1);
  const total = volume(dims);
  if (free >= 0) {
    const known = volume(target.filter((_, axis) => axis !== free));
    if (known === 0 || total % known !== 0) return undefined;
    target[free] = total / known;
  }
  return volume(target) === total && target.every((size) => size >= 0) ? target : undefined;
}
