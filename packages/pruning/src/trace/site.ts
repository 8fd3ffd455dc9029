import type { Consumer, Folded, NodeProto, TensorProto } from '@kneepoint/onnx';
import { constantDims } from '@kneepoint/onnx';
import type { ChannelLabels, FreezeReason } from '../labels/channel-labels.ts';
import type { LabelTensor } from '../labels/label-tensor.ts';
import { uniform, varyingAxes } from '../labels/label-tensor.ts';
import type { Consumption, Cut, FilterWeight, NodeEdit } from './edits.ts';
import type { Stored } from './stored.ts';
import { scaleAxis, storedBehind } from './stored.ts';
import type { Trace, Value } from './trace.ts';

/** An operator's channel rule: reads the labels of a node's inputs, says what the node does to them, returns its outputs' labels. */
export type Rule = (site: Site) => readonly LabelTensor[];

/** A node as its rule sees it. */
export class Site {
  readonly node: NodeProto;
  readonly name: string;
  readonly opset: number;
  readonly labels: ChannelLabels;
  /** The batch axis of the outputs; starts as that of the first input with labels, −1 for none. */
  batch: number;
  private readonly trace: Trace;

  constructor(trace: Trace, node: NodeProto) {
    this.trace = trace;
    this.node = node;
    this.name = node.name;
    this.opset = trace.graph.opset;
    this.labels = trace.labels;
    this.batch = this.values()[0]?.batch ?? -1;
  }

  /** An input that carries labels; undefined for constants, shape arithmetic and absent inputs. */
  input(position: number): Value | undefined {
    return this.trace.values.get(this.node.input[position] ?? '');
  }

  /** The inputs that carry labels, in order. */
  values(): Value[] {
    return this.node.input.flatMap((name) => this.trace.values.get(name) ?? []);
  }

  /** A constant input, payload or not; a quantised one too, as it is stored. */
  constant(position: number): TensorProto | undefined {
    return this.stored(position)?.tensor;
  }

  /** A constant input and the nodes through which it is read. */
  stored(position: number): Stored | undefined {
    const name = this.node.input[position];
    return name ? storedBehind(this.trace.graph, name) : undefined;
  }

  /** Whether a quantised constant input has a scale for each position along an axis. */
  scaledAlong(position: number, axis: number): boolean {
    const stored = this.stored(position);
    const rank = stored?.tensor.dims.length ?? 0;
    return stored?.steps.some((step) => scaleAxis(this.trace.graph, step, rank) === axis) ?? false;
  }

  /** The shape of an input that is constant in the file or by arithmetic. */
  constantDims(position: number): readonly number[] | undefined {
    const tensor = this.constant(position);
    return tensor ? constantDims(tensor) : this.folded(position)?.dims;
  }

  /** A small constant input, as it is at batch 1. */
  folded(position: number): Folded | undefined {
    return this.trace.folder.value(this.node.input[position] ?? '');
  }

  /** The same input at batch 2. */
  foldedAtBatchTwo(position: number): Folded | undefined {
    return this.trace.folderAtBatchTwo.value(this.node.input[position] ?? '');
  }

  /** The uses of an output; a graph output counts as none. */
  readers(position: number): readonly Consumer[] {
    return this.trace.graph.consumers(this.node.output[position] ?? '');
  }

  /** The shape of an output at batch 1. Throws SHAPES_INCOMPLETE. */
  outputDims(position = 0): readonly number[] {
    return this.trace.shapeOf(this.node.output[position] ?? '', this.node);
  }

  /** The shape of an output, where the runtime gives one. */
  knownDims(position: number): readonly number[] | undefined {
    return this.trace.shapes.get(this.node.output[position] ?? '');
  }

  /** A reason that names this node. `why` completes "feeds Conv_3 (Conv), which …". */
  reason(why: string, verb: 'feeds' | 'meets' = 'feeds'): FreezeReason {
    const { name, node } = this;
    return { node: name, op: node.opType, text: `${verb} ${name} (${node.opType}), which ${why}` };
  }

  /** Keeps these labels for ever. */
  freeze(labels: Int32Array | LabelTensor, why: string): void {
    const reason = this.reason(why);
    const list = labels instanceof Int32Array ? labels : labels.data;
    for (const label of list) this.labels.freeze(label, reason);
  }

  /** Labels of an output that cannot lose anything. */
  fixed(rank: number, why: string): LabelTensor {
    const label = this.labels.fresh(1)[0]!;
    this.labels.freeze(label, this.reason(why, 'meets'));
    return uniform(rank, label);
  }

  /** New labels for the filters that lie along an axis of a constant input, or those given before to the same shared weight. */
  filters(input: number, axis: number, count: number): Int32Array {
    return this.trace.sharedLabels(`${this.stored(input)!.name} ${axis} ${count} filters`, () =>
      this.labels.fresh(count),
    );
  }

  /** Ties the input channels along an axis of a weight that several nodes share, so that it stays shared. */
  tieShared(input: number, axis: number, labels: Int32Array): void {
    const weight = `${this.stored(input)!.name} ${axis}`;
    const before = this.trace.sharedLabels(`${weight} channels`, () => labels);
    if (before.length === labels.length) this.tie(before, labels);
  }

  /** Ties labels pairwise. */
  tie(a: Int32Array, b: Int32Array): void {
    for (let i = 0; i < a.length; i++) this.labels.union(a[i]!, b[i]!);
  }

  /** One label per position along an axis. Labels that change along another axis are frozen, with the reason given. */
  along(value: Value, axis: number, why = 'needs its channels on one axis'): Int32Array {
    const [varying] = varyingAxes(value.labels);
    if (varying === axis) return value.labels.data;
    if (varying !== undefined) this.freeze(value.labels, why);
    return new Int32Array(value.dims[axis] ?? 1).fill(value.labels.data[0]!);
  }

  /** Labels reduced to one changing axis: along the others they are tied. `prefer` wins, else the longest axis. */
  settle(labels: LabelTensor, prefer?: number): LabelTensor {
    return this.trace.settle(labels, prefer);
  }

  /** A constant input shrinks along an axis. */
  cut(input: number, cut: Cut): void {
    this.trace.cuts.push({ node: this.node, input, cut });
  }

  /** An input is summed over along an axis: a removed channel of it counts as zero. */
  consume(input: number, axis: number, labels: Int32Array): void {
    this.trace.consumptions.push(this.consumption(input, axis, labels));
  }

  /** An input is averaged over along an axis: a removed channel of it does not count at all. */
  average(input: number, axis: number, labels: Int32Array): void {
    this.trace.averages.push(this.consumption(input, axis, labels));
  }

  /** The node is a layer with one filter per label; `weight` says where they lie. */
  layer(labels: Int32Array, weight: FilterWeight): void {
    this.trace.addLayer(this.node, labels, weight);
  }

  /** Importance of a label for choosing what to tie, when the caller gave one; 0 otherwise. */
  importance(label: number): number {
    return this.trace.importance(label);
  }

  /** Something to do to the node when the plan is known. */
  rewrite(apply: (edit: NodeEdit) => void): void {
    this.trace.rewrites.push({ node: this.node, apply });
  }

  private consumption(input: number, axis: number, labels: Int32Array): Consumption {
    const value = this.node.input[input]!;
    const rank = this.trace.values.get(value)!.dims.length;
    return { node: this.node, input, value, rank, axis, labels };
  }

  get groupedTie(): 'rank' | 'groups' | undefined {
    return this.trace.options.grouped;
  }
}
