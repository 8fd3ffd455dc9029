import type { Consumer, Graph, NodeProto } from '@kneepoint/onnx';
import {
  constantDims,
  constantProto,
  hasAttr,
  intAttr,
  intsAttr,
  isDefaultDomain,
  movedConstant,
  normalAxis,
  readTensor,
  selection,
} from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';

/** Where the channel that was wanted at each position is instead. */
export type Places = readonly number[];

/** What readers of a value would have to change, were its channels to lie in another order. */
export interface Absorbed {
  readonly apply: () => void;
}

/**
 * Whether all that reads `value` can do with its channels at other places, by moving its own constants along: weights along their input
 * axis, normalisation parameters, other Gathers (`orders`: the source of each channel, which `apply` changes). Filters stay where they are, since plans
 * and reports count them. Undefined where a reader cannot. `shapes` at batch 1.
 */
export function absorbOrder(
  graph: Graph,
  value: string,
  places: Places,
  { shapes, orders }: { readonly shapes: Shapes; readonly orders: Map<NodeProto, readonly number[]> },
): Absorbed | undefined {
  const absorbing = new Absorbing(graph, shapes, orders);
  return absorbing.all(value, places) ? { apply: () => absorbing.apply() } : undefined;
}

class Absorbing {
  private readonly graph: Graph;
  private readonly shapes: Shapes;
  private readonly orders: Map<NodeProto, readonly number[]>;
  /** Values whose channels lie elsewhere. */
  private readonly moved = new Map<string, Places>();
  private readonly open: string[] = [];
  /** Values that have to be found among the moved, with the same places. */
  private readonly wanted: [string, Places][] = [];
  private readonly edits: (() => void)[] = [];

  constructor(graph: Graph, shapes: Shapes, orders: Map<NodeProto, readonly number[]>) {
    this.graph = graph;
    this.shapes = shapes;
    this.orders = orders;
  }

  all(value: string, places: Places): boolean {
    if (!this.move(value, places)) return false;
    for (let next = this.open.pop(); next !== undefined; next = this.open.pop()) {
      const at = this.moved.get(next)!;
      if (!this.graph.consumers(next).every((use) => this.reader(use, at))) return false;
    }
    return this.wanted.every(([name, at]) => same(this.moved.get(name), at));
  }

  apply(): void {
    for (const edit of this.edits) edit();
  }

  private move(value: string, places: Places): boolean {
    const known = this.moved.get(value);
    if (known) return same(known, places);
    if (this.graph.isOutput(value) || this.shapes.get(value)?.[1] !== places.length) return false;
    this.moved.set(value, places);
    this.open.push(value);
    return true;
  }

  private reader({ node, input }: Consumer, places: Places): boolean {
    if (!isDefaultDomain(node.domain) || input < 0) return false;
    const { opType } = node;
    if (EACH_CHANNEL.has(opType)) return input === 0 && node.output.length === 1 && this.move(node.output[0]!, places);
    if (TOGETHER.has(opType)) return this.together(node, places);
    switch (opType) {
      case 'BatchNormalization': {
        const isAlone = input === 0 && node.output.length === 1;
        return (
          isAlone && [1, 2, 3, 4].every((i) => this.turn(node, i, 0, places)) && this.move(node.output[0]!, places)
        );
      }
      case 'Conv':
        return input === 0 && intAttr(node, 'group', 1) === 1 && this.turn(node, 1, 1, places);
      case 'ConvTranspose':
        return input === 0 && intAttr(node, 'group', 1) === 1 && this.turn(node, 1, 0, places);
      case 'Gemm': {
        if (input !== 0 || intAttr(node, 'transA', 0) === 1) return false;
        return this.turn(node, 1, intAttr(node, 'transB', 0), places);
      }
      case 'MatMul':
        return input === 0 && this.rankOf(node.input[0]!) === 2 && this.turn(node, 1, 0, places);
      case 'Flatten':
        return this.isVector(node.input[0]!) && intAttr(node, 'axis', 1) === 1 && this.move(node.output[0]!, places);
      case 'Concat':
        return this.concat(node, input, places);
      case 'Split':
        return this.split(node, places);
      case 'Gather':
        return this.gather(node, input, places);
      case 'ReduceMean':
      case 'ReduceMax':
        return input === 0 && this.reducesPlaces(node) && this.move(node.output[0]!, places);
      default:
        return false;
    }
  }

  /** An operator on several values that match channel by channel, or are the same for all channels. */
  private together(node: NodeProto, places: Places): boolean {
    const [output] = node.output as [string];
    const rank = this.rankOf(output);
    for (const [i, name] of node.input.entries()) {
      const constant = constantProto(this.graph, name);
      const dims = constant ? constantDims(constant) : this.shapes.get(name);
      if (!dims) return false;
      const axis = dims.length - rank + 1;
      if ((dims[axis] ?? 1) === 1) continue;
      if (constant) {
        if (!this.turn(node, i, axis, places)) return false;
      } else this.wanted.push([name, places]);
    }
    return this.move(output, places);
  }

  private concat(node: NodeProto, input: number, places: Places): boolean {
    const [output] = node.output as [string];
    const rank = this.rankOf(output);
    if (normalAxis(intAttr(node, 'axis', 1), rank) !== 1) return false;
    const before = node.input.slice(0, input).map((name) => this.shapes.get(name)?.[1] ?? NaN);
    const start = before.reduce((sum, size) => sum + size, 0);
    const total = this.shapes.get(output)?.[1];
    if (Number.isNaN(start) || total === undefined || node.input.some((name, i) => i !== input && this.moved.has(name)))
      return false;
    return this.move(
      output,
      Array.from({ length: total }, (_, at) => {
        const place = places[at - start];
        return place === undefined ? at : start + place;
      }),
    );
  }

  private split(node: NodeProto, places: Places): boolean {
    const rank = this.rankOf(node.input[0]!);
    if (normalAxis(intAttr(node, 'axis', 0), rank) !== 1) return false;
    let start = 0;
    return node.output.every((output) => {
      const size = this.shapes.get(output)?.[1] ?? 0;
      const own = places.slice(start, start + size).map((place) => place - start);
      start += size;
      return own.every((place) => place >= 0 && place < size) && this.move(output, own);
    });
  }

  /** Another order of channels takes this one into itself. */
  private gather(node: NodeProto, input: number, places: Places): boolean {
    if (input !== 0 || !this.orders.has(node)) return false;
    this.edits.push(() => {
      this.orders.set(
        node,
        this.orders.get(node)!.map((channel) => places[channel]!),
      );
    });
    return true;
  }

  /** The channels of a constant that this node alone reads move along; a single number for all stays. */
  private turn(node: NodeProto, input: number, axis: number, places: Places): boolean {
    const name = node.input[input] ?? '';
    const tensor = this.graph.initializer(name);
    if (!tensor || this.graph.consumers(name).length !== 1) return false;
    const dims = constantDims(tensor);
    if (dims[axis] !== places.length) return false;
    this.edits.push(() => {
      const from = new Int32Array(places.length);
      places.forEach((place, at) => (from[place] = at));
      const list = this.graph.proto.initializer;
      // Another order may have moved it before: what the graph knows is what it was at first.
      const index = list.findIndex((other) => other.name === name);
      list[index] = movedConstant(list[index]!, name, selection(dims, axis, from));
    });
    return true;
  }

  private reducesPlaces(node: NodeProto): boolean {
    const rank = this.rankOf(node.input[0]!);
    const stored = node.input[1] ? constantProto(this.graph, node.input[1]) : undefined;
    if (!stored && !hasAttr(node, 'axes')) return false;
    const axes = stored ? Array.from(readTensor(stored).data, Number) : intsAttr(node, 'axes');
    return axes.length > 0 && axes.every((axis) => normalAxis(axis, rank) > 1);
  }

  private isVector(value: string): boolean {
    return (
      this.shapes
        .get(value)
        ?.slice(2)
        .every((size) => size === 1) ?? false
    );
  }

  private rankOf(value: string): number {
    return this.shapes.get(value)?.length ?? 0;
  }
}

function same(a: Places | undefined, b: Places): boolean {
  return a?.length === b.length && b.every((place, i) => place === a[i]);
}

/** Operators that treat each channel of their first input by itself, and all alike. */
const EACH_CHANNEL: ReadonlySet<string> = new Set([
  ...[
    'Relu',
    'LeakyRelu',
    'Elu',
    'Selu',
    'Celu',
    'Sigmoid',
    'HardSigmoid',
    'HardSwish',
    'Tanh',
    'Softplus',
    'Mish',
    'Gelu',
  ],
  ...['Clip', 'Identity', 'Dropout', 'Cast', 'Abs', 'Exp', 'Sqrt', 'Erf'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Resize'],
]);

const TOGETHER: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum', 'PRelu']);
