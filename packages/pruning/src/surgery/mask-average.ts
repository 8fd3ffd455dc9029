import { create } from '@bufbuild/protobuf';
import type { Graph, NodeProto } from '@kneepoint/onnx';
import {
  constantProto,
  DataType,
  floatAttr,
  floatConstant,
  intAttr,
  intConstant,
  isFloatType,
  NodeProtoSchema,
  normalAxis,
  setAttr,
} from '@kneepoint/onnx';
import type { Consumption } from '../trace/edits.ts';

/** The opset from which ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18;
/** Stands for infinity, which a mask's zero would turn into NaN. */
const FAR = 1e30;

/**
 * Changes a node that reduces or normalises over channels, in place in its graph, so that it does so over the channels whose `keep` is
 * 1 alone: a mean counts each of them channels / kept times, an extreme is kept from the others, a layer normalisation is written out.
 */
export function leaveOutOfAverage(graph: Graph, node: NodeProto, average: Consumption, keep: ArrayLike<number>): void {
  const writing = new Writing(graph, node, average, keep);
  if (node.opType === 'LayerNormalization') writing.normalisation();
  else if (node.opType === 'ReduceMean') node.input[0] = writing.weighted(node.input[0]!);
  else node.input[0] = writing.pushed(node.input[0]!, node.opType === 'ReduceMax' ? -FAR : FAR);
}

class Writing {
  private readonly graph: Graph;
  private readonly node: NodeProto;
  private readonly average: Consumption;
  private readonly keep: readonly number[];
  private readonly type: DataType;
  private count = 0;

  constructor(graph: Graph, node: NodeProto, average: Consumption, keep: ArrayLike<number>) {
    this.graph = graph;
    this.node = node;
    this.average = average;
    this.keep = Array.from(keep);
    const scale = node.opType === 'LayerNormalization' ? constantProto(graph, node.input[1] ?? '') : undefined;
    this.type = scale && isFloatType(scale.dataType) ? scale.dataType : DataType.FLOAT;
  }

  /** The value with each kept channel counted so often that a mean over all channels is one over the kept. */
  weighted(value: string): string {
    const kept = this.keep.reduce((sum, one) => sum + one, 0);
    return this.apply('Mul', value, this.perChannel(this.keep.map((one) => (one * this.keep.length) / kept)));
  }

  /** The value with the channels that do not stay at `limit`. */
  pushed(value: string, limit: number): string {
    const kept = this.apply('Mul', value, this.perChannel(this.keep));
    return this.apply('Add', kept, this.perChannel(this.keep.map((one) => (1 - one) * limit)));
  }

  /** Replaces LayerNormalization by (x − mean) / √(variance + ε) · scale + bias. */
  normalisation(): void {
    const [value, scale, bias] = this.node.input;
    const epsilon = this.constant([], [floatAttr(this.node, 'epsilon', 1e-5)]);
    const centred = this.apply('Sub', value!, this.mean(value!));
    const variance = this.mean(this.apply('Mul', centred, centred));
    const deviation = this.apply('Sqrt', this.apply('Add', variance, epsilon));
    const scaled = this.apply('Mul', this.apply('Div', centred, deviation), scale);
    const result = bias ? this.apply('Add', scaled, bias) : scaled;
    Object.assign(this.node, { opType: 'Identity', input: [result], attribute: [] });
  }

  private mean(value: string): string {
    const { rank } = this.average;
    const start = normalAxis(intAttr(this.node, 'axis', -1), rank);
    const axes = Array.from({ length: rank - start }, (_, i) => start + i);
    const weighted = this.weighted(value);
    if (this.graph.opset >= AXES_AS_INPUT) {
      const name = this.free();
      this.graph.proto.initializer.push(intConstant(name, axes, [axes.length]));
      return this.apply('ReduceMean', weighted, name);
    }
    return this.apply('ReduceMean', weighted, undefined, axes);
  }

  private perChannel(values: readonly number[]): string {
    const { rank, axis } = this.average;
    return this.constant(
      Array.from({ length: rank }, (_, i) => (i === axis ? values.length : 1)),
      values,
    );
  }

  private constant(dims: readonly number[], values: readonly number[]): string {
    const name = this.free();
    this.graph.proto.initializer.push(floatConstant(name, this.type, dims, values));
    return name;
  }

  /** A node before the one that is changed; gives its output. */
  private apply(opType: string, a: string, b?: string, axes?: readonly number[]): string {
    const name = this.free();
    const made = create(NodeProtoSchema, { name, opType, input: b === undefined ? [a] : [a, b], output: [name] });
    if (axes) setAttr(made, 'axes', axes);
    const { proto } = this.graph;
    proto.node.splice(proto.node.indexOf(this.node), 0, made);
    return name;
  }

  private free(): string {
    return `${this.node.name}_kept${++this.count}`;
  }
}
