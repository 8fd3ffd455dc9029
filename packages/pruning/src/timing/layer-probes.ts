import { clone } from '@bufbuild/protobuf';
import {
  CONTRACTIONS,
  DataType,
  elementCount,
  GraphBuilder,
  intAttr,
  isDefaultDomain,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  setAttr,
} from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { type Dimension, lengthOf, positions, type Size, Sizes } from '../plan/sizes.ts';
import { storedBehind } from '../trace/stored.ts';

/** A layer that multiplies and accumulates, at the widths that it is to be timed at. */
export interface LayerProbes {
  /** Node name. */
  readonly layer: string;
  /** What its time follows: axes that are cut together count once. */
  readonly dimensions: readonly Dimension[];
  /** By dimension: the positions at which it is timed, ascending. */
  readonly ticks: readonly (readonly number[])[];
  /** One for each combination of ticks, the last dimension moving fastest. */
  readonly probes: readonly Probe[];
}

/** One layer at one width, alone in a network with made weights. */
export interface Probe {
  /** Equal for layers that compute the same on the same shapes. */
  readonly key: string;
  /** Numbers that it reads, holds and writes. */
  readonly elements: number;
  readonly model: () => ModelProto;
}

/** Shares of the classes at which an axis is timed, beside the fewest that it may keep. */
const SHARES = [1 / 4, 1 / 2, 1];
/** A layer whose time follows more axes is not timed. */
const MOST_DIMENSIONS = 2;

/**
 * Every layer whose time is worth a table: convolutions and products of float32, each at four widths of every axis that can be cut.
 * @param multiple widths are multiples of it, as those of a plan
 */
export function layerProbes(analysis: ChannelAnalysis, multiple = 1): LayerProbes[] {
  const sizes = new Sizes(analysis);
  return analysis.trace.graph.proto.node.flatMap((node) => {
    if (!CONTRACTIONS.has(node.opType) || !isDefaultDomain(node.domain) || !isPlain(analysis, node)) return [];
    const slots = node.input.map((name, input) => (name === '' ? [] : sizes.input(node, input)));
    const output = sizes.value(node.output[0]!);
    if (!output || slots.some((slot) => slot === undefined)) return [];
    const shape: LayerShape = { node, slots: slots as readonly (readonly Size[])[], output };
    const axes = axesOf(shape);
    if (axes.length > MOST_DIMENSIONS) return [];
    const counts = axes.map(({ classes }) => countsOf(classes.length, multiple));
    return {
      layer: node.name,
      dimensions: axes.map(({ widest }) => widest),
      ticks: axes.map((axis, i) => counts[i]!.map((count) => heldBy(axis.widest, axis.classes, count))),
      probes: combinations(counts).map((kept) => probeOf(analysis, shape, { axes, kept })),
    };
  });
}

/** Whether a node computes in float32 by weights that are stored as they are used. */
function isPlain({ trace: { graph } }: ChannelAnalysis, node: NodeProto): boolean {
  return node.input.every((name) => {
    const stored = name === '' ? undefined : storedBehind(graph, name);
    return !stored || (stored.steps.length === 0 && stored.tensor.dataType === Number(DataType.FLOAT));
  });
}

/** A node, and the sizes of what it reads and writes; none of an absent input. */
interface LayerShape {
  readonly node: NodeProto;
  readonly slots: readonly (readonly Size[])[];
  readonly output: readonly Size[];
}

/** Dimensions that the same classes hold, whatever their lengths: they move together. */
interface Axis {
  readonly classes: readonly number[];
  /** Of them the one with most positions. */
  readonly widest: Dimension;
}

function axesOf({ slots, output }: LayerShape): Axis[] {
  const axes = new Map<string, Axis>();
  for (const size of [...slots.flat(), ...output]) {
    if (typeof size === 'number') continue;
    const classes = classesOf(size);
    const key = classes.join(' ');
    const known = axes.get(key);
    if (!known || positions(size) > positions(known.widest)) axes.set(key, { classes, widest: size });
  }
  return [...axes.values()];
}

function classesOf({ perClass }: Dimension): number[] {
  return [...perClass.keys()].sort((a, b) => a - b);
}

function countsOf(classes: number, multiple: number): number[] {
  const counts = [1, ...SHARES.map((share) => Math.round(share * classes))];
  const rounded = counts.map((count) => Math.min(classes, Math.max(1, Math.ceil(count / multiple)) * multiple));
  return [...new Set(rounded)].sort((a, b) => a - b);
}

/** Positions of a dimension when the first so many of its classes stay. */
function heldBy({ fixed, perClass }: Dimension, classes: readonly number[], count: number): number {
  return classes.slice(0, count).reduce((sum, id) => sum + (perClass.get(id) ?? 0), fixed);
}

function combinations(choices: readonly (readonly number[])[]): number[][] {
  return choices.reduce<number[][]>((all, own) => all.flatMap((head) => own.map((choice) => [...head, choice])), [[]]);
}

function probeOf(
  analysis: ChannelAnalysis,
  { node, slots, output }: LayerShape,
  { axes, kept }: { readonly axes: readonly Axis[]; readonly kept: readonly number[] },
): Probe {
  const held = new Map(axes.map(({ classes }, i) => [classes.join(' '), kept[i]!]));
  const dimsOf = (sizes: readonly Size[]): number[] =>
    sizes.map((size) =>
      lengthOf(size, (dimension) => {
        const classes = classesOf(dimension);
        return heldBy(dimension, classes, held.get(classes.join(' '))!);
      }),
    );
  const shapes = slots.map(dimsOf);
  const written = dimsOf(output);
  const made = withGroups(node, shapes, written);
  const { graph } = analysis.trace;
  const isStored = node.input.map((name) => name !== '' && storedBehind(graph, name) !== undefined);
  return {
    key: JSON.stringify([made.opType, made.attribute.map(attributeKey).sort(), shapes, isStored]),
    elements: [...shapes, written].reduce((sum, dims) => sum + elementCount(dims), 0),
    model: () => {
      const net = new GraphBuilder({ opset: graph.opset });
      const inputs = node.input.map((name, i) => {
        if (name === '') return '';
        const dims = shapes[i]!;
        return isStored[i] ? net.init({ dims, type: DataType.FLOAT, data: weights(dims) }) : net.input(`x${i}`, dims);
      });
      net.output(net.copy(made, inputs)[0]!, written);
      return net.build();
    },
  };
}

/** Groups that lost all their channels are gone: how many are left follows from the weight. */
function withGroups(
  node: NodeProto,
  [data, weight]: readonly (readonly number[])[],
  output: readonly number[],
): NodeProto {
  const made = clone(NodeProtoSchema, node);
  if (!node.opType.startsWith('Conv') || intAttr(node, 'group', 1) === 1) return made;
  setAttr(made, 'group', (node.opType === 'Conv' ? data! : output)[1]! / weight![1]!);
  return made;
}

function attributeKey({ name, i, f, ints, s }: NodeProto['attribute'][number]): string {
  return [name, i, f, ints, s].map(String).join(' ');
}

/** Numbers as weights are: of both signs, none so small that computing with it is slow. */
function weights(dims: readonly number[]): Float32Array {
  return Float32Array.from({ length: elementCount(dims) }, (_, i) => ((i * 37) % 101) / 1010 - 0.0496);
}
