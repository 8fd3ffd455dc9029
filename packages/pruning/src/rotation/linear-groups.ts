import type { Graph, NodeProto } from '@kneepoint/onnx';
import {
  capturedValues,
  constantProto,
  CONTRACTIONS,
  DataType,
  floatAttr,
  intAttr,
  isDefaultDomain,
} from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { classGroups } from '../plan/class-groups.ts';

/** How channels lie along an axis: `repeats` times all of them, each `run` positions long. */
export interface Spread {
  readonly repeats: number;
  readonly run: number;
}

/** A constant one axis of which follows the channels of a group, where one node reads it. */
export interface TurnedConstant extends Spread {
  readonly node: string;
  readonly input: number;
  readonly axis: number;
}

/** Channels between linear layers and those that read them, which nothing but sums and averages of each channel by itself separates. */
export interface LinearGroup {
  /** Classes in the order of the channels. */
  readonly classes: readonly number[];
  /** Layers whose filters they are. */
  readonly layers: readonly string[];
  /** BatchNormalizations that directly follow these layers, to be folded into them. */
  readonly normalisations: readonly string[];
  readonly constants: readonly TurnedConstant[];
}

/**
 * The groups of classes that are a space rather than channels: any basis of it does for the network. All their channels come from dense convolutions,
 * Gemm or MatMul (each with a normalisation of its own or without), nothing but additions, averages over positions and movements that treat all channels
 * alike lies between, and dense layers read all of them. Weights are not read.
 */
export function linearGroups(analysis: ChannelAnalysis): LinearGroup[] {
  const groups = classGroups(analysis);
  const carriers = new Carriers(analysis, groups);
  return groups.flatMap((classes, group) => linearGroup(analysis, classes, carriers.of(group)) ?? []);
}

/** Whether a list of labels holds some of a group. */
type Carries = (labels: Int32Array) => boolean;

/** Which groups lists of labels hold: each list is looked through once for all of them. */
class Carriers {
  private readonly analysis: ChannelAnalysis;
  private readonly groupOf = new Map<number, number>();
  private readonly known = new Map<Int32Array, ReadonlySet<number>>();

  constructor(analysis: ChannelAnalysis, groups: readonly (readonly number[])[]) {
    this.analysis = analysis;
    groups.forEach((classes, group) => {
      for (const id of classes) this.groupOf.set(id, group);
    });
  }

  of(group: number): Carries {
    return (labels) => {
      const held = this.known.get(labels) ?? new Set(this.groupsIn(labels));
      this.known.set(labels, held);
      return held.has(group);
    };
  }

  private *groupsIn(labels: Int32Array): Generator<number> {
    for (const label of labels) {
      const group = this.groupOf.get(this.analysis.classOf(label) ?? -1);
      if (group !== undefined) yield group;
    }
  }
}

function linearGroup(analysis: ChannelAnalysis, group: readonly number[], carries: Carries): LinearGroup | undefined {
  const { trace, classes } = analysis;
  if (group.length < 2 || classes[group[0]!]!.members.some(({ filters }) => filters.length > 1)) return undefined;
  const own = new Set(group);
  const layers = classes[group[0]!]!.members.map(({ layer }) => layer);
  const order = analysis.layers.find(({ name }) => name === layers[0])!.classes.filter((id) => own.has(id));
  const walk = new Walk(analysis, order, carries);
  for (const node of trace.graph.topological()) if (!walk.accept(node)) return undefined;
  return { classes: order, layers, ...walk.found };
}

/** Operators that treat all channels of their inputs alike, and are linear. */
const PASSES: ReadonlySet<string> = new Set([
  ...['Identity', 'Dropout', 'Neg', 'AveragePool', 'GlobalAveragePool', 'ReduceMean'],
  ...['Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze'],
]);
const SUMS: ReadonlySet<string> = new Set(['Add', 'Sub', 'Sum']);
const MEASURES: ReadonlySet<string> = new Set(['Shape', 'Size']);

/** Looks at every node, and says no where one touches the group in another way than linear groups allow. */
class Walk {
  readonly found = { normalisations: [] as string[], constants: [] as TurnedConstant[] };
  private readonly graph: Graph;
  private readonly analysis: ChannelAnalysis;
  private readonly order: readonly number[];
  private readonly carries: Carries;
  /** Values that carry the group, all of it; undefined for one that carries a part, or something else too. */
  private readonly touched = new Map<string, Spread | undefined>();

  constructor(analysis: ChannelAnalysis, order: readonly number[], carries: Carries) {
    this.analysis = analysis;
    this.graph = analysis.trace.graph;
    this.order = order;
    this.carries = carries;
    for (const [name, { labels }] of analysis.trace.values) {
      if (this.carries(labels.data)) this.touched.set(name, this.spreadOf(labels.data));
    }
  }

  accept(node: NodeProto): boolean {
    const inputs = [...node.input.keys()].filter((input) => this.touched.has(node.input[input]!));
    const outputs = node.output.filter((name) => this.touched.has(name));
    if (capturedValues(node).some((name) => this.touched.has(name))) return false;
    if (inputs.length === 0 && outputs.length === 0) return true;
    const values = [...inputs.map((input) => node.input[input]!), ...outputs];
    if (!isDefaultDomain(node.domain) || values.some((name) => !this.touched.get(name))) return false;
    if (MEASURES.has(node.opType)) return outputs.length === 0;
    const constants = this.constantsOf(node);
    if (!constants) return false;
    const isLinear = CONTRACTIONS.has(node.opType)
      ? this.isDense(node, inputs, outputs, constants)
      : node.opType === 'BatchNormalization'
        ? this.isFoldable(node)
        : this.passes(node, inputs, outputs, constants);
    if (!isLinear) return false;
    if (node.opType === 'BatchNormalization') this.found.normalisations.push(node.name);
    else this.found.constants.push(...constants);
    return true;
  }

  /** How the group lies in a list of labels; undefined where that holds anything else, or in another order. */
  private spreadOf(labels: Int32Array): Spread | undefined {
    const ids = Array.from(labels, (label) => this.analysis.classOf(label) ?? -1);
    const size = this.order.length;
    let run = ids.findIndex((id) => id !== this.order[0]);
    if (run < 1) run = ids.length;
    const repeats = ids.length / (run * size);
    const fits = Number.isInteger(repeats) && ids.every((id, i) => id === this.order[Math.floor(i / run) % size]);
    return fits ? { repeats, run } : undefined;
  }

  /** The constants of a node that follow the group; undefined where they do not follow it as a whole, or are not this node's own in float32. */
  private constantsOf(node: NodeProto): TurnedConstant[] | undefined {
    const constants: TurnedConstant[] = [];
    for (const { node: of, input, cut } of this.analysis.trace.cuts) {
      if (of !== node) continue;
      const sides =
        cut.kind === 'axis'
          ? [[cut.axis, cut.labels] as const]
          : ([
              [0, cut.major],
              [1, cut.minor],
            ] as const);
      for (const [axis, labels] of sides) {
        if (!this.carries(labels)) continue;
        const spread = this.spreadOf(labels);
        const stored = constantProto(this.graph, node.input[input]!);
        if (!spread || (stored?.dataType as DataType | undefined) !== DataType.FLOAT) return undefined;
        if (this.graph.consumers(node.input[input]!).length > 1) return undefined;
        constants.push({ node: node.name, input, axis, ...spread });
      }
    }
    return constants;
  }

  /** A layer that reads all of the channels for each of its filters, or makes them, or both. */
  private isDense(
    node: NodeProto,
    inputs: readonly number[],
    outputs: readonly string[],
    constants: readonly TurnedConstant[],
  ): boolean {
    const { trace } = this.analysis;
    const weight = node.input.findIndex((name, i) => i < 2 && constantProto(this.graph, name) !== undefined);
    if (weight < 0 || inputs.length > 1 || inputs.some((input) => input > 1)) return false;
    if (intAttr(node, 'group', 1) !== 1) return false;
    const turned = constants.filter(({ input }) => input === weight).length;
    if (turned !== inputs.length + outputs.length) return false;
    const reads = trace.consumptions.some((read) => read.node === node && this.carries(read.labels));
    if (inputs.length > 0 && !reads) return false;
    if (outputs.length === 0) return true;
    const layer = trace.layers.find((other) => other.node === node);
    const biased = node.opType !== 'MatMul' && !!node.input[2];
    return !!layer && this.carries(layer.labels) && (!biased || constants.some(({ input }) => input === 2));
  }

  /** A normalisation of what a layer gives, and of nothing else. */
  private isFoldable(node: NodeProto): boolean {
    const value = node.input[0]!;
    const producer = this.graph.producer(value);
    const parameters = node.input.slice(1, 5).map((name) => constantProto(this.graph, name)?.dataType as DataType);
    return (
      !!producer &&
      (FOLDS.has(producer.opType) || (producer.opType === 'Gemm' && floatAttr(producer, 'beta', 1) === 1)) &&
      !this.touched.has(producer.input[0]!) &&
      this.graph.consumers(value).length === 1 &&
      parameters.every((type) => type === DataType.FLOAT) &&
      intAttr(node, 'training_mode', 0) === 0 &&
      node.output.length === 1
    );
  }

  private passes(
    node: NodeProto,
    inputs: readonly number[],
    outputs: readonly string[],
    constants: readonly TurnedConstant[],
  ): boolean {
    const unread = (name: string): boolean =>
      name === '' || (this.graph.consumers(name).length === 0 && !this.graph.isOutput(name));
    if (!node.output.every((name, i) => (i === 0 ? outputs.includes(name) : unread(name)))) return false;
    if (SUMS.has(node.opType))
      return node.input.every((_, i) => inputs.includes(i) || constants.some(({ input }) => input === i));
    return PASSES.has(node.opType) && inputs.includes(0) && (node.opType !== 'Dropout' || !node.input[2]);
  }
}

const FOLDS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose']);
