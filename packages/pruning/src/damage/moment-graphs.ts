import { create } from '@bufbuild/protobuf';
import type { AttributeValue, ModelProto, NodeProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  floatTensor,
  Graph,
  intTensor,
  NodeProtoSchema,
  setAttr,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';
import { namedCopy } from '../surgery/prepare.ts';
import { removeDead } from '../surgery/remove-dead.ts';
import type { Shapes } from '../trace/trace.ts';
import type { Reading } from './readings.ts';

/** Names of what goes into and comes out of the graphs for the reading of an index. */
export const momentNames = {
  /** int32 of P: which of the columns count, a column being one position of one image. */
  columns: (reading: number): string => `kneepoint.columns/${reading}`,
  /** parts × width × 1: taken from every response, so that sums of squares do not drown what varies. */
  shift: (reading: number): string => `kneepoint.shift/${reading}`,
  /** parts × width × 1: mean over those columns. */
  mean: (reading: number): string => `kneepoint.mean/${reading}`,
  /** parts × width × width: Σ over those columns x xᵀ. */
  second: (reading: number): string => `kneepoint.second/${reading}`,
  /** parts × width × width: Σ over all columns g gᵀ. */
  metric: (reading: number): string => `kneepoint.metric/${reading}`,
};

/** How many columns a reading has for each image; its value's shape is at batch 1. */
export function columnsPerImage({ value, axis, positions }: Reading, shapes: Shapes): number {
  const dims = shapes.get(value)!;
  return dims.reduce((product, size, i) => (i === axis ? product : product * size), positions);
}

/** The model giving, beside its outputs, moments of what is read: see `momentNames`. Only C × C leaves the runtime. */
export function responseMoments(model: ModelProto, readings: readonly Reading[], shapes: Shapes): ModelProto {
  const copy = cloneModel(model);
  const nodes = new Nodes(copy);
  readings.forEach((reading, i) => {
    const { parts, width } = reading;
    const rows = nodes.rows(`kneepoint.responses/${i}`, reading.value, shapes, reading);
    copy.graph!.input.push(
      valueInfo(momentNames.columns(i), [`columns/${i}`], DataType.INT32),
      valueInfo(momentNames.shift(i), [parts, width, 1]),
    );
    const chosen = nodes.add('Gather', [rows, momentNames.columns(i)], `${rows}.chosen`, { axis: 2 });
    const shifted = nodes.add('Sub', [chosen, momentNames.shift(i)], `${rows}.shifted`);
    nodes.mean(shifted, momentNames.mean(i));
    nodes.gram(shifted, momentNames.second(i));
    copy.graph!.output.push(
      valueInfo(momentNames.mean(i), [parts, width, 1]),
      valueInfo(momentNames.second(i), [parts, width, width]),
    );
  });
  return copy;
}

/** A network whose readings can be told apart from other uses of the same values. */
export interface GatedNetwork {
  readonly model: ModelProto;
  /** Scalars of 0 that are added to what is read: derivatives are formed from there on. */
  readonly gates: ReadonlySet<string>;
  /** By reading, the value that its readers now read. */
  readonly values: readonly string[];
  /** Shapes of the values that are new, by what they are copies of. */
  readonly copies: ReadonlyMap<string, string>;
}

/** Puts between each value and its readers a sum with a scalar, so that it has a derivative through these readers alone. */
export function gateReadings(model: ModelProto, readings: readonly Reading[]): GatedNetwork {
  const copy = namedCopy(model);
  const graph = new Graph(copy);
  const byName = new Map(copy.graph!.node.map((node) => [node.name, node]));
  const gates = new Set<string>();
  const copies = new Map<string, string>();
  const known = new Map<string, string>();
  const values = readings.map(({ value, readers }) => {
    const key = JSON.stringify([value, readers]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const [gate, read] = [`kneepoint.gate/${known.size}`, `kneepoint.read/${known.size}`];
    known.set(key, read);
    gates.add(gate);
    copies.set(read, value);
    copy.graph!.initializer.push(writeTensor(gate, floatTensor([], [0])));
    for (const { node, input } of readers) byName.get(node)!.input[input] = read;
    const sum = create(NodeProtoSchema, { name: read, opType: 'Add', input: [value, gate], output: [read] });
    const producer = graph.producer(value);
    copy.graph!.node.splice(producer ? copy.graph!.node.indexOf(producer) + 1 : 0, 0, sum);
    return read;
  });
  return { model: copy, gates, values, copies };
}

/**
 * From a graph that gives derivatives, one that gives Σ over columns g gᵀ for each reading in their place.
 * @param gradients by reading the graph's output of the value's shape; undefined where no answer depends on it
 */
export function gradientMoments(
  model: ModelProto,
  readings: readonly Reading[],
  gradients: readonly (string | undefined)[],
  shapes: Shapes,
): ModelProto {
  const copy = cloneModel(model);
  const nodes = new Nodes(copy);
  copy.graph!.output = readings.flatMap((reading, i) => {
    const gradient = gradients[i];
    if (gradient === undefined) return [];
    const { parts, width } = reading;
    const rows = nodes.rows(`kneepoint.gradients/${i}`, gradient, shapes, reading);
    nodes.gram(rows, momentNames.metric(i));
    return [valueInfo(momentNames.metric(i), [parts, width, width])];
  });
  removeDead(copy);
  return copy;
}

/** Nodes at the end of a graph. */
class Nodes {
  private readonly model: ModelProto;
  private readonly opset: number;
  private readonly constants = new Map<string, string>();
  private readonly made = new Map<string, string>();

  constructor(model: ModelProto) {
    this.model = model;
    this.opset = new Graph(model).opset;
  }

  add(opType: string, input: string[], output: string, attributes: Record<string, AttributeValue> = {}): string {
    const node: NodeProto = create(NodeProtoSchema, { name: output, opType, input, output: [output] });
    for (const [name, value] of Object.entries(attributes)) setAttr(node, name, value);
    this.model.graph!.node.push(node);
    return output;
  }

  /** A value, or another of its shape, as parts × width × columns of float32, a column being one position of one image. */
  rows(stem: string, value: string, shapes: Shapes, reading: Reading): string {
    const { axis, parts, width, channels } = reading;
    const dims = shapes.get(reading.value)!;
    const others = [...dims.keys()].filter((i) => i !== axis);
    const turned = this.once('Transpose', [value], { perm: [axis, ...others] });
    const all = channels.length === dims[axis] && channels.every((channel, i) => channel === i);
    const own = all ? turned : this.add('Gather', [turned, this.ints(channels)], `${stem}.own`, { axis: 0 });
    const wide = this.add('Cast', [own], `${stem}.float`, { to: DataType.FLOAT });
    // Positions of a channel lie side by side, and so become columns.
    return this.add('Reshape', [wide, this.ints([parts, width, -1])], `${stem}.rows`);
  }

  gram(rows: string, output: string): void {
    const turned = this.add('Transpose', [rows], `${output}.turned`, { perm: [0, 2, 1] });
    this.add('MatMul', [rows, turned], output);
  }

  mean(rows: string, output: string): void {
    if (this.opset >= 18) this.add('ReduceMean', [rows, this.ints([2])], output, { keepdims: 1 });
    else this.add('ReduceMean', [rows], output, { axes: [2], keepdims: 1 });
  }

  /** The same of the same is made once. */
  private once(opType: string, input: string[], attributes: Record<string, AttributeValue>): string {
    const key = JSON.stringify([opType, input, attributes]);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const output = this.add(opType, input, `kneepoint.made/${this.made.size}`, attributes);
    this.made.set(key, output);
    return output;
  }

  private ints(values: readonly number[]): string {
    const key = values.join(' ');
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = `kneepoint.ints/${this.constants.size}`;
    this.constants.set(key, name);
    this.model.graph!.initializer.push(writeTensor(name, intTensor([...values])));
    return name;
  }
}
