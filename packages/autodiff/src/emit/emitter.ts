import { Failure } from '@kneepoint/failures';
import type { Attributes, ModelProto, NodeProto, Tensor } from '@kneepoint/onnx';
import { DataType, elementCount, floatTensor, GraphBuilder, intTensor } from '@kneepoint/onnx';
import { blockConvolutions } from '../formulation/blocked-convolutions.ts';

/** Where the graph that is being made will run; decides between formulations, never what is computed. */
export type Target = 'cpu' | 'cuda';

/** What is known of every emitted value: all dimensions are numbers, because a step graph is made for one batch size. */
export interface ValueType {
  readonly dims: readonly number[];
  readonly type: DataType;
}

/** The operator set that step graphs are written in. */
export const STEP_OPSET = 18;

/**
 * Adds nodes to a graph while keeping shape and element type of every value, which the rules of differentiation decide by.
 * Everything that autodiff makes goes through here; what has a name of its own in ONNX gets a method as soon as two rules use it.
 */
export class Emitter {
  readonly target: Target;
  /** Element type of weights, activations and gradients: FLOAT, or DOUBLE to check formulas by finite differences. */
  readonly float: DataType;
  /** Channels in a block where convolutions are done in the runtime's own layout (see `blockConvolutions`); 0: standard operators only. */
  readonly block: number;
  private readonly builder: GraphBuilder;
  private readonly types = new Map<string, ValueType>();
  private readonly constants = new Map<string, Tensor>();

  constructor(
    options: {
      readonly target?: Target;
      readonly float?: DataType;
      readonly block?: number;
      readonly name?: string;
    } = {},
  ) {
    this.target = options.target ?? 'cpu';
    this.float = options.float ?? DataType.FLOAT;
    this.block = this.target === 'cpu' && this.float === DataType.FLOAT ? (options.block ?? 0) : 0;
    this.builder = new GraphBuilder({ opset: STEP_OPSET, name: options.name ?? 'step' });
  }

  /** Shape and element type of a value. */
  typeOf(value: string): ValueType {
    const found = this.types.get(value);
    if (!found) throw new Failure('MODEL_BUILD', `nothing is known of the value ${value}`);
    return found;
  }

  /** Whether the value was emitted, fed or stored here. */
  has(value: string): boolean {
    return this.types.has(value);
  }

  shape(value: string): readonly number[] {
    return this.typeOf(value).dims;
  }

  /** The numbers of a value that is constant; undefined for what is computed or fed. */
  constantOf(value: string): Tensor | undefined {
    return this.constants.get(value);
  }

  /** A value that the caller of the graph feeds. */
  input(name: string, dims: readonly number[], type: DataType = this.float): string {
    return this.note(this.builder.input(name, dims, type), { dims, type });
  }

  /** A constant; equal small ones are stored once. */
  init(tensor: Tensor, name?: string): string {
    const value = this.builder.init(tensor, name);
    this.constants.set(value, tensor);
    return this.note(value, { dims: tensor.dims, type: tensor.type });
  }

  /** A float constant in the graph's own element type. */
  floats(dims: readonly number[], values: ArrayLike<number>): string {
    return this.init(
      this.float === DataType.DOUBLE
        ? { dims, type: DataType.DOUBLE, data: Float64Array.from(values) }
        : floatTensor(dims, Float32Array.from(values)),
    );
  }

  /** A float constant without dimensions. */
  scalar(value: number): string {
    return this.floats([], [value]);
  }

  /** An int64 constant, a vector unless dimensions are given. */
  ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.init(intTensor(values, dims));
  }

  /** A node with one output of known type. Names are made up unless one is given. */
  node(op: string, inputs: readonly string[], type: ValueType, attributes: Attributes = {}, name?: string): string {
    return this.note(this.builder.node(op, inputs, attributes, name), type);
  }

  /** A node with several outputs of known types. */
  multi(op: string, inputs: readonly string[], types: readonly ValueType[], attributes: Attributes = {}): string[] {
    const values = this.builder.multi(op, inputs, types.length, attributes);
    values.forEach((value, i) => this.note(value, types[i]!));
    return values;
  }

  /**
   * A copy of a node of another graph with other inputs. `types`: of each output, undefined where it is absent. Returns the
   * outputs, '' for absent ones.
   */
  copy(node: NodeProto, inputs: readonly string[], types: readonly (ValueType | undefined)[]): readonly string[] {
    const outputs = this.builder.copy(node, inputs);
    outputs.forEach((output, i) => {
      const type = types[i];
      if (output !== '' && type) this.note(output, type);
    });
    return outputs;
  }

  /** Marks a value as an output of the graph. */
  output(value: string): string {
    const { dims, type } = this.typeOf(value);
    return this.builder.output(value, dims, type);
  }

  /** A value under a chosen name, as an output of the graph. */
  namedOutput(value: string, name: string): string {
    return this.output(this.node('Identity', [value], this.typeOf(value), {}, name));
  }

  build(): ModelProto {
    const model = this.builder.build();
    return this.block === 0 ? model : blockConvolutions(model, this.block, (value) => this.types.get(value)?.dims);
  }

  // Arithmetic with broadcasting.

  add(a: string, b: string): string {
    return this.binary('Add', a, b);
  }

  sub(a: string, b: string): string {
    return this.binary('Sub', a, b);
  }

  mul(a: string, b: string): string {
    return this.binary('Mul', a, b);
  }

  div(a: string, b: string): string {
    return this.binary('Div', a, b);
  }

  /** An element-wise operator of two values, with broadcasting; comparisons give BOOL. */
  binary(op: string, a: string, b: string): string {
    const dims = broadcastDims(this.shape(a), this.shape(b));
    const type = COMPARISONS.has(op) ? DataType.BOOL : this.typeOf(a).type;
    return this.node(op, [a, b], { dims, type });
  }

  /** An element-wise operator of one value. */
  unary(op: string, x: string, attributes: Attributes = {}): string {
    return this.node(op, [x], this.typeOf(x), attributes);
  }

  where(condition: string, a: string, b: string): string {
    const dims = broadcastDims(this.shape(condition), broadcastDims(this.shape(a), this.shape(b)));
    return this.node('Where', [condition, a, b], { dims, type: this.typeOf(a).type });
  }

  cast(x: string, type: DataType): string {
    if (this.typeOf(x).type === type) return x;
    return this.node('Cast', [x], { dims: this.shape(x), type }, { to: type });
  }

  // Linear algebra.

  /** Matrix product over the last two axes, leading axes broadcast. Both of rank 2 or more. */
  matmul(a: string, b: string): string {
    const [left, right] = [this.shape(a), this.shape(b)];
    const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2));
    return this.node('MatMul', [a, b], { dims: [...batch, left.at(-2)!, right.at(-1)!], type: this.typeOf(a).type });
  }

  // Movement.

  reshape(x: string, dims: readonly number[]): string {
    if (sameDims(this.shape(x), dims)) return x;
    if (elementCount(dims) !== elementCount(this.shape(x))) {
      throw new Failure('MODEL_BUILD', `[${this.shape(x).join(', ')}] cannot become [${dims.join(', ')}]`);
    }
    return this.node('Reshape', [x, this.ints(dims)], { dims, type: this.typeOf(x).type });
  }

  transpose(x: string, perm: readonly number[]): string {
    if (perm.every((from, to) => from === to)) return x;
    const dims = this.shape(x);
    return this.node('Transpose', [x], { dims: perm.map((axis) => dims[axis]!), type: this.typeOf(x).type }, { perm });
  }

  expand(x: string, dims: readonly number[]): string {
    if (sameDims(this.shape(x), dims)) return x;
    return this.node('Expand', [x, this.ints(dims)], { dims, type: this.typeOf(x).type });
  }

  /** Sums over axes, all when none are named. */
  reduceSum(x: string, axes?: readonly number[], keepdims = true): string {
    return this.reduce('ReduceSum', x, axes, keepdims);
  }

  reduceMean(x: string, axes?: readonly number[], keepdims = true): string {
    return this.reduce('ReduceMean', x, axes, keepdims);
  }

  /** ReduceSum, ReduceMean, ReduceMax, ... over non-negative axes. */
  reduce(op: string, x: string, axes?: readonly number[], keepdims = true): string {
    const from = this.shape(x);
    const over = axes ?? from.map((_, axis) => axis);
    if (over.length === 0) return x;
    const last = this.target === 'cuda' && STEPWISE.has(op) ? lastRun(over, from.length) : [];
    if (last.length > 0) {
      const rest = over.filter((axis) => !last.includes(axis));
      const reduced = this.reduce(op, this.reduce(op, x, last), rest);
      return keepdims
        ? reduced
        : this.reshape(
            reduced,
            from.filter((_, axis) => !over.includes(axis)),
          );
    }
    const dims = keepdims
      ? from.map((dim, axis) => (over.includes(axis) ? 1 : dim))
      : from.filter((_, axis) => !over.includes(axis));
    return this.node(op, [x, this.ints(over)], { dims, type: this.typeOf(x).type }, { keepdims: keepdims ? 1 : 0 });
  }

  /** Elements [start, end) by `step` along each named axis. `end` is exclusive; steps are positive. */
  slice(
    x: string,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): string {
    const dims = [...this.shape(x)];
    axes.forEach((axis, i) => (dims[axis] = Math.max(0, Math.ceil((ends[i]! - starts[i]!) / steps[i]!))));
    if (sameDims(dims, this.shape(x))) return x;
    const operands = [starts, ends, axes, steps].map((values) => this.ints(values));
    return this.node('Slice', [x, ...operands], { dims, type: this.typeOf(x).type });
  }

  /** Zero padding: `before[i]` and `after[i]` elements along axis i. */
  pad(x: string, before: readonly number[], after: readonly number[]): string {
    if ([...before, ...after].every((count) => count === 0)) return x;
    if (this.target === 'cuda') return this.padByConcat(x, before, after);
    const dims = this.shape(x).map((dim, axis) => dim + before[axis]! + after[axis]!);
    return this.node('Pad', [x, this.ints([...before, ...after])], { dims, type: this.typeOf(x).type });
  }

  /** CUDA's Pad is slow: 20 of them took 18.3 of the 180 ms of ResNet-18's step on an H100; all Concats, these included, take 2.7 ms. */
  private padByConcat(x: string, before: readonly number[], after: readonly number[]): string {
    const rank = this.shape(x).length;
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter(
      (axis) => before[axis]! < 0 || after[axis]! < 0,
    );
    const starts = axes.map((axis) => Math.max(0, -before[axis]!));
    const ends = axes.map((axis) => this.shape(x)[axis]! - Math.max(0, -after[axis]!));
    let padded = this.slice(x, axes, starts, ends);
    for (let axis = 0; axis < rank; axis++) {
      const zeros = (count: number): readonly string[] => {
        const dims = this.shape(padded).map((dim, i) => (i === axis ? count : dim));
        return count > 0 ? [this.expand(this.cast(this.scalar(0), this.typeOf(x).type), dims)] : [];
      };
      padded = this.concat([...zeros(before[axis]!), padded, ...zeros(after[axis]!)], axis);
    }
    return padded;
  }

  concat(values: readonly string[], axis: number): string {
    if (values.length === 1) return values[0]!;
    const dims = [...this.shape(values[0]!)];
    dims[axis] = values.reduce((sum, value) => sum + this.shape(value)[axis]!, 0);
    return this.node('Concat', values, { dims, type: this.typeOf(values[0]!).type }, { axis });
  }

  /** Undoes broadcasting: sums over the axes along which `dims` was stretched to the value's shape. The vjp of Expand. */
  unbroadcast(x: string, dims: readonly number[]): string {
    const from = this.shape(x);
    const lead = from.length - dims.length;
    const axes = from.flatMap((dim, axis) => (axis < lead || (dims[axis - lead] === 1 && dim !== 1) ? [axis] : []));
    return this.reshape(this.reduceSum(x, axes), dims);
  }

  zerosLike(x: string): string {
    return this.expand(this.scalar(0), this.shape(x));
  }

  private note(value: string, type: ValueType): string {
    this.types.set(value, type);
    return value;
  }
}

/** Reductions of reductions that give the reduction of everything, groups being equally large. */
const STEPWISE: ReadonlySet<string> = new Set(['ReduceSum', 'ReduceMean']);

/**
 * The last axes of some to reduce, where the others are the first: CUDA has fast kernels for the one and for the other, but not for both
 * at once. Sums and means took 25.7 ms of ResNet-18's step at once, 12.9 ms in two steps.
 */
function lastRun(axes: readonly number[], rank: number): readonly number[] {
  const last = axes.filter((axis) =>
    Array.from({ length: rank - axis }, (_, i) => axis + i).every((i) => axes.includes(i)),
  );
  const first = axes.filter((axis) => !last.includes(axis));
  return first.length > 0 && first.every((axis) => axis < first.length) ? last : [];
}

const COMPARISONS: ReadonlySet<string> = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']);

/** The shape that two shapes broadcast to (numpy's rule). Throws MODEL_BUILD. */
export function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Failure('MODEL_BUILD', `[${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
    }
    return left === 1 ? right : left;
  });
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}
