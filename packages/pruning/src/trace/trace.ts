import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto, ValueInfoProto } from '@kneepoint/onnx';
import { capturedValues, dimsOf, Folder, Graph, isConstantNode, isDefaultDomain } from '@kneepoint/onnx';
import { ChannelLabels } from '../labels/channel-labels.ts';
import type { LabelTensor } from '../labels/label-tensor.ts';
import { alongAxis, collapsed, forEachAlong, heads, varyingAxes } from '../labels/label-tensor.ts';
import { RULES } from '../rules/index.ts';
import { unknownOperator } from '../rules/unknown.ts';
import type { Consumption, FilterWeight, NodeCut, NodeRewrite, TracedLayer } from './edits.ts';
import { mixedAxes } from './prefer-axis.ts';
import { Site } from './site.ts';
import { storedBehind } from './stored.ts';

/** Every value's shape at batch 1. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** How channels are tied where there is a choice. Plain data: a plan carries it, so that surgery ties in the same way. */
export interface TraceOptions {
  /** Grouped convolutions: unite the r-th channel of every group, or keep groups whole. Default: whichever gives smaller classes. */
  readonly grouped?: 'rank' | 'groups';
  /** Importance per filter by layer name: the r-th most important of every group are united instead of the r-th in order. */
  readonly importance?: Readonly<Record<string, readonly number[]>>;
}

/** A value that carries labels. */
export interface Value {
  readonly dims: readonly number[];
  readonly labels: LabelTensor;
  /** The axis that holds the images of a batch; −1 when none does. */
  readonly batch: number;
}

/**
 * A graph run on labels instead of numbers, by one rule per operator. What comes out says which channels live or die together,
 * why some must stay, and what to change in the file once it is known which go. No weight is read.
 */
export class Trace {
  readonly graph: Graph;
  readonly options: TraceOptions;
  readonly labels = new ChannelLabels();
  readonly values = new Map<string, Value>();
  readonly layers: TracedLayer[] = [];
  readonly consumptions: Consumption[] = [];
  readonly averages: Consumption[] = [];
  readonly cuts: NodeCut[] = [];
  readonly rewrites: NodeRewrite[] = [];
  readonly folder: Folder;
  readonly folderAtBatchTwo: Folder;
  readonly shapes: Shapes;
  private readonly shared = new Map<string, Int32Array>();
  private readonly scores = new Map<number, number>();

  /** `model` has been through `prepare`. Throws SHAPES_INCOMPLETE. */
  constructor(model: ModelProto, shapes: Shapes, options: TraceOptions = {}) {
    this.graph = new Graph(model);
    this.shapes = shapes;
    this.options = options;
    this.folder = new Folder(this.graph, (name) => this.values.get(name)?.dims ?? shapes.get(name));
    this.folderAtBatchTwo = new Folder(this.graph, (name) => {
      const value = this.values.get(name);
      return value ? value.dims.map((size, axis) => (axis === value.batch ? 2 * size : size)) : shapes.get(name);
    });
    for (const input of this.graph.inputs) this.enter(input);
    for (const node of this.graph.topological()) this.visit(node);
    for (const output of this.graph.outputs) {
      const reason = { node: output.name, op: 'graph output', text: `is the graph output ${output.name}` };
      this.freezeValue(output.name, reason);
    }
  }

  /** The shape of a value at batch 1. Throws SHAPES_INCOMPLETE. */
  shapeOf(value: string, node?: NodeProto): readonly number[] {
    const dims = this.shapes.get(value);
    if (dims) return dims;
    throw new Failure('SHAPES_INCOMPLETE', `no shape was given for value ${value || '(unnamed)'}`, {
      where: node ? `node ${node.name} (${node.opType})` : `value ${value}`,
      fix: 'give the shape of every value at batch 1, as the runtime measures it',
    });
  }

  /** Labels memoised under a key: a weight that several nodes share has one set. */
  sharedLabels(key: string, make: () => Int32Array): Int32Array {
    const known = this.shared.get(key) ?? make();
    this.shared.set(key, known);
    return known;
  }

  settle(labels: LabelTensor, prefer?: number): LabelTensor {
    let result = collapsed(labels, (label) => this.labels.find(label));
    const axes = varyingAxes(result);
    if (axes.length < 2) return result;
    const longest = axes.reduce((best, axis) => (result.dims[axis]! > result.dims[best]! ? axis : best));
    const stays = prefer !== undefined && axes.includes(prefer) ? prefer : longest;
    for (const axis of axes) {
      if (axis === stays) continue;
      forEachAlong(result, axis, (head, label) => this.labels.union(head, label));
      result = heads(result, axis);
    }
    return collapsed(result, (label) => this.labels.find(label));
  }

  addLayer(node: NodeProto, labels: Int32Array, weight: FilterWeight): void {
    this.layers.push({ node, labels, weight });
    const scores = this.options.importance?.[node.name];
    if (!scores) return;
    labels.forEach((label, filter) => this.scores.set(label, scores[filter] ?? 0));
  }

  importance(label: number): number {
    return this.scores.get(label) ?? this.scores.get(this.labels.find(label)) ?? 0;
  }

  private enter(input: ValueInfoProto): void {
    const dims = this.shapeOf(input.name);
    if (dims.length === 0) return;
    const axis = dims.length > 1 ? 1 : 0;
    const labels = this.labels.fresh(dims[axis]!);
    const batch = typeof dimsOf(input)[0] === 'number' ? -1 : 0;
    this.values.set(input.name, { dims, labels: alongAxis(dims.length, axis, labels), batch });
    this.freezeValue(input.name, {
      node: input.name,
      op: 'graph input',
      text: `meets the graph input ${input.name}`,
    });
  }

  private visit(node: NodeProto): void {
    if (isConstantNode(node) || storedBehind(this.graph, node.output[0] ?? '')) return;
    const site = new Site(this, node);
    for (const name of capturedValues(node)) {
      this.freezeValue(name, site.reason('reads it from inside a subgraph'));
      const reason = site.reason('reads its size from inside a subgraph');
      for (const measured of this.measuredFor(name)) this.freezeValue(measured, reason);
    }
    if (this.isShapeArithmetic(node)) return;
    const rule = isDefaultDomain(node.domain) ? RULES[node.opType] : undefined;
    const outputs = (rule ?? unknownOperator)(site);
    node.output.forEach((name, i) => {
      // The runtime gives no shape of what is not a tensor (a sequence), or is not asked for.
      const read = this.graph.consumers(name).length > 0 || this.graph.isOutput(name);
      const known = this.shapes.has(name) || (rule && read);
      if (name === '' || !known) return;
      const dims = this.shapeOf(name, node);
      const labels = outputs[i] ?? site.fixed(dims.length, 'gives a result without channels');
      this.define(name, dims, this.settle(labels, this.unmixedAxis(name, labels)), site);
    });
  }

  /** The values whose sizes a number is worked out from. */
  private measuredFor(name: string): string[] {
    const node = this.values.has(name) ? undefined : this.graph.producer(name);
    if (!node) return [];
    return MEASURES.has(node.opType) ? node.input : node.input.flatMap((input) => this.measuredFor(input));
  }

  /** Arithmetic on sizes carries numbers, not channels; a tensor filled to a shape has channels of its own. */
  private isShapeArithmetic(node: NodeProto): boolean {
    const folded = node.output.length === 1 ? this.folder.value(node.output[0]!) : undefined;
    if (!folded) return false;
    const fills =
      FILLS.has(node.opType) || (!MEASURES.has(node.opType) && node.input.some((name) => this.values.has(name)));
    return folded.dims.length < 2 || !fills;
  }

  /** The longest axis of several with channels that no reader mixes; undefined when there is no choice. */
  private unmixedAxis(name: string, labels: LabelTensor): number | undefined {
    const axes = varyingAxes(labels);
    if (axes.length < 2) return undefined;
    const changing = varyingAxes(collapsed(labels, (label) => this.labels.find(label)));
    const mixed = mixedAxes(this.graph, this.folder, name, labels.dims.length);
    const free = changing.filter((axis) => !mixed.has(axis));
    return free.sort((a, b) => labels.dims[b]! - labels.dims[a]!)[0];
  }

  private define(name: string, dims: readonly number[], labels: LabelTensor, site: Site): void {
    const batch = site.batch < dims.length ? site.batch : -1;
    if (batch >= 0 && labels.dims[batch]! > 1) site.freeze(labels, 'moves channels onto the batch axis');
    this.values.set(name, { dims, labels, batch });
  }

  private freezeValue(name: string, reason: { node: string; op: string; text: string }): void {
    for (const label of this.values.get(name)?.labels.data ?? []) this.labels.freeze(label, reason);
  }
}

const FILLS: ReadonlySet<string> = new Set(['Expand', 'ConstantOfShape']);
const MEASURES: ReadonlySet<string> = new Set(['Shape', 'Size']);
