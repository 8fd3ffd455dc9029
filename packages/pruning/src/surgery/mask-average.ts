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
 * 1 alone: a mean counts each of them channels / kept times, an extreme is kept from the others, a normalisation is written out.
 */
export function leaveOutOfAverage(graph: Graph, node: NodeProto, average: Consumption, keep: ArrayLike<number>): void {
  const writing = new Writing(graph, node, average, keep);
  if (node.opType === 'LayerNormalization') {
    writing.normalisation(normalAxis(intAttr(node, 'axis', -1), average.rank));
  } else if (node.opType === 'InstanceNormalization') writing.normalisation(2, 'per channel');
  else if (node.opType === 'GroupNormalization') writing.normalisation(1, 'per channel');
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
    const scale = node.opType.endsWith('Normalization') ? constantProto(graph, node.input[1] ?? '') : undefined;
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

  /**
   * Replaces a normalisation over the axes from `start` on by (x − mean) / √(variance + ε) · scale + bias, where the last two broadcast
   * as they are or hold a number for each position of axis 1.
   */
  normalisation(start: number, parameters: 'as they are' | 'per channel' = 'as they are'): void {
    const [value, scale, bias] = this.node.input.map((name, input) =>
      input > 0 && name !== '' && parameters === 'per channel' ? this.alongChannels(name) : name,
    );
    const epsilon = this.constant([], [floatAttr(this.node, 'epsilon', 1e-5)]);
    const centred = this.apply('Sub', value!, this.mean(value!, start));
    const variance = this.mean(this.apply('Mul', centred, centred), start);
    const deviation = this.apply('Sqrt', this.apply('Add', variance, epsilon));
    const scaled = this.apply('Mul', this.apply('Div', centred, deviation), scale);
    const result = bias ? this.apply('Add', scaled, bias) : scaled;
    Object.assign(this.node, { opType: 'Identity', input: [result], attribute: [] });
  }

  private mean(value: string, start: number): string {
    const axes = Array.from({ length: this.average.rank - start }, (_, i) => start + i);
    const weighted = this.weighted(value);
    if (this.graph.opset >= AXES_AS_INPUT) return this.apply('ReduceMean', weighted, this.integers(axes));
    return this.apply('ReduceMean', weighted, undefined, axes);
  }

  private alongChannels(value: string): string {
    return this.apply('Reshape', value, this.integers([-1, ...new Array<number>(this.average.rank - 2).fill(1)]));
  }

  private integers(values: readonly number[]): string {
    const name = this.free();
    this.graph.proto.initializer.push(intConstant(name, values, [values.length]));
    return name;
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
