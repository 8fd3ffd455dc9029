import { hasAttr, intAttr, intsAttr, tensorAttr } from '../attributes.ts';
import type { NodeProto } from '../proto.ts';
import { DataType } from '../proto.ts';
import { readTensor, tensorNumbers } from '../tensor.ts';
import {
  broadcast,
  concatenate,
  move,
  normalAxis,
  reshapeTarget,
  selection,
  sliceRange,
  transposition,
  volume,
} from './movement.ts';

/** A small constant: shape arithmetic left behind by exporters. Numbers hold int64 up to 2^53. */
export interface Folded {
  readonly dims: readonly number[];
  readonly data: Float64Array;
  readonly integer: boolean;
}

/** What an evaluator sees of its node. */
export interface FoldSite {
  readonly node: NodeProto;
  readonly opset: number;
  readonly inputs: readonly (Folded | undefined)[];
}

type Evaluator = (site: FoldSite) => Folded | undefined;

/** The operators that shape arithmetic is made of. What is not here is not folded, and its result counts as unknown. */
export const EVALUATORS: Readonly<Record<string, Evaluator>> = {
  Identity: ({ inputs }) => inputs[0],
  Cast: castTo,
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Squeeze: (site) => resize(site, squeezed),
  Unsqueeze: (site) => resize(site, unsqueezed),
  Reshape: reshape,
  Transpose: transpose,
  Expand: expand,
  ConstantOfShape: constantOfShape,
  Range: range,
  ReduceProd: reduceProd,
  Where: where,
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b, integer) => (integer ? Math.trunc(a / b) : a / b)),
  Mod: binary((a, b) => a - b * Math.floor(a / b)),
  Min: binary((a, b) => Math.min(a, b)),
  Max: binary((a, b) => Math.max(a, b)),
  Pow: binary((a, b) => a ** b),
  Equal: binary((a, b) => Number(a === b)),
  Greater: binary((a, b) => Number(a > b)),
  Less: binary((a, b) => Number(a < b)),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Neg: unary((a) => -a),
  Sqrt: unary(Math.sqrt),
};

/** A folded list of integers. */
export function foldedInts(values: readonly number[], dims: readonly number[] = [values.length]): Folded {
  return { dims, data: Float64Array.from(values), integer: true };
}

/** The axes of a node: an attribute in old opsets, an input in new ones. */
export function axesOf(node: NodeProto, operand: Folded | undefined, rank: number): number[] | undefined {
  const axes = hasAttr(node, 'axes') ? intsAttr(node, 'axes') : operand && [...operand.data];
  return axes?.map((axis) => normalAxis(axis, rank));
}

function binary(apply: (a: number, b: number, integer: boolean) => number): Evaluator {
  return ({ inputs }) => {
    const [a, b] = inputs;
    if (!a || !b) return undefined;
    const dims = broadcastDims(a.dims, b.dims);
    if (!isSmall(dims)) return undefined;
    const integer = a.integer && b.integer;
    const left = move(a.data, broadcast(a.dims, dims));
    const right = move(b.data, broadcast(b.dims, dims));
    return { dims, data: left.map((value, i) => apply(value, right[i]!, integer)), integer };
  };
}

/** Whether an array of these dimensions can be made here at all; a file may ask for any numbers. */
function isSmall(dims: readonly number[]): boolean {
  return volume(dims) <= MAX_FOLDED && dims.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function unary(apply: (a: number) => number): Evaluator {
  return ({ inputs: [a] }) => a && { ...a, data: a.data.map(apply) };
}

/** The shape that two shapes broadcast to. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly number[], axis: number) => dims[axis - (rank - dims.length)] ?? 1;
  return Array.from({ length: rank }, (_, axis) => (at(a, axis) === 1 ? at(b, axis) : at(a, axis)));
}

function castTo({ node, inputs: [a] }: FoldSite): Folded | undefined {
  if (!a) return undefined;
  const to = intAttr(node, 'to') as DataType;
  const integer = to !== DataType.FLOAT && to !== DataType.DOUBLE && to !== DataType.FLOAT16;
  return { dims: a.dims, data: integer ? a.data.map(Math.trunc) : a.data, integer };
}

function gather({ node, inputs: [data, indices] }: FoldSite): Folded | undefined {
  if (!data || !indices) return undefined;
  const axis = normalAxis(intAttr(node, 'axis', 0), data.dims.length);
  const size = data.dims[axis];
  if (size === undefined) return undefined;
  const positions = [...indices.data].map((index) => normalAxis(index, size));
  if (positions.some((position) => position < 0 || position >= size)) return undefined;
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  return { ...data, dims, data: move(data.data, selection(data.dims, axis, positions)) };
}

function slice({ node, inputs }: FoldSite): Folded | undefined {
  const [data] = inputs;
  if (!data) return undefined;
  const operand = (name: string, position: number) =>
    hasAttr(node, name) ? [...intsAttr(node, name)] : inputs[position] && [...inputs[position].data];
  const [starts, ends] = [operand('starts', 1), operand('ends', 2)];
  if (!starts || !ends || (node.input[3] && !inputs[3]) || (node.input[4] && !inputs[4])) return undefined;
  const axes = operand('axes', 3) ?? starts.map((_, i) => i);
  const steps = operand('steps', 4) ?? starts.map(() => 1);
  let result: Folded = data;
  starts.forEach((start, i) => {
    const axis = normalAxis(axes[i]!, data.dims.length);
    const step = steps[i]!;
    const { start: from, count } = sliceRange(result.dims[axis]!, start, ends[i]!, step);
    const positions = Array.from({ length: count }, (_, k) => from + k * step);
    const movement = selection(result.dims, axis, positions);
    result = { ...result, dims: movement.dims, data: move(result.data, movement) };
  });
  return result;
}

function concat({ node, inputs }: FoldSite): Folded | undefined {
  const parts = inputs.filter((input) => input !== undefined);
  const [first] = parts;
  if (!first || parts.length !== inputs.length) return undefined;
  const joined = concatenate(parts, normalAxis(intAttr(node, 'axis'), first.dims.length));
  return { ...joined, integer: first.integer };
}

function resize(site: FoldSite, shape: (dims: readonly number[], axes?: number[]) => number[]): Folded | undefined {
  const [data, operand] = site.inputs;
  if (!data || (site.node.input[1] && !operand)) return undefined;
  const count = (hasAttr(site.node, 'axes') ? intsAttr(site.node, 'axes').length : operand?.data.length) ?? 0;
  const rank = site.node.opType === 'Unsqueeze' ? data.dims.length + count : data.dims.length;
  return { ...data, dims: shape(data.dims, axesOf(site.node, operand, rank)) };
}

/** The shape without the given axes, or without every axis of size 1. */
export function squeezed(dims: readonly number[], axes?: readonly number[]): number[] {
  return dims.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1));
}

/** The shape with axes of size 1 put in, so that they stand at the given positions of the result. */
export function unsqueezed(dims: readonly number[], axes: readonly number[] = []): number[] {
  const source = [...dims];
  return Array.from({ length: dims.length + axes.length }, (_, axis) => (axes.includes(axis) ? 1 : source.shift()!));
}

function reshape({ node, inputs: [data, shape] }: FoldSite): Folded | undefined {
  if (!data || !shape) return undefined;
  const dims = reshapeTarget(data.dims, [...shape.data], intAttr(node, 'allowzero', 0) === 1);
  return dims && { ...data, dims };
}

function transpose({ node, inputs: [data] }: FoldSite): Folded | undefined {
  if (!data) return undefined;
  const reversed = data.dims.map((_, axis) => data.dims.length - 1 - axis);
  const movement = transposition(data.dims, intsAttr(node, 'perm', reversed));
  return { ...data, dims: movement.dims, data: move(data.data, movement) };
}

function expand({ inputs: [data, shape] }: FoldSite): Folded | undefined {
  if (!data || !shape) return undefined;
  const dims = broadcastDims(data.dims, [...shape.data]);
  if (!isSmall(dims)) return undefined;
  return { ...data, dims, data: move(data.data, broadcast(data.dims, dims)) };
}

function constantOfShape({ node, inputs: [shape] }: FoldSite): Folded | undefined {
  if (!shape) return undefined;
  const value = hasAttr(node, 'value') ? readTensor(tensorAttr(node, 'value')) : undefined;
  const dims = [...shape.data];
  if (!isSmall(dims)) return undefined;
  const count = volume(dims);
  const integer = value ? value.data instanceof BigInt64Array || value.data instanceof Int32Array : false;
  return { dims, data: new Float64Array(count).fill(value ? tensorNumbers(value)[0]! : 0), integer };
}

function range({ inputs }: FoldSite): Folded | undefined {
  const [start, limit, delta] = inputs.map((input) => input?.data[0]);
  if (start === undefined || limit === undefined || !delta) return undefined;
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!isSmall([count])) return undefined;
  return {
    dims: [count],
    data: Float64Array.from({ length: count }, (_, i) => start + i * delta),
    integer: inputs.every((input) => input?.integer),
  };
}

function reduceProd({ node, inputs: [data, axes] }: FoldSite): Folded | undefined {
  const whole = axesOf(node, axes, 1);
  if (data?.dims.length !== 1 || (whole && whole.some((axis) => axis !== 0))) return undefined;
  const product = data.data.reduce((all, value) => all * value, 1);
  return { ...data, dims: intAttr(node, 'keepdims', 1) ? [1] : [], data: Float64Array.of(product) };
}

function where({ inputs: [condition, yes, no] }: FoldSite): Folded | undefined {
  if (!condition || !yes || !no) return undefined;
  const dims = broadcastDims(condition.dims, broadcastDims(yes.dims, no.dims));
  if (!isSmall(dims)) return undefined;
  const [c, y, n] = [condition, yes, no].map((part) => move(part.data, broadcast(part.dims, dims)));
  return { dims, data: c!.map((flag, i) => (flag ? y![i]! : n![i]!)), integer: yes.integer };
}

/** Larger constants are weights, not shape arithmetic. */
export const MAX_FOLDED = 4096;
