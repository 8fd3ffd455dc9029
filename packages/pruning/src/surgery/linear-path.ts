import type { Graph, NodeProto, Tensor } from '@kneepoint/onnx';
import {
  DataType,
  floatAttr,
  hasAttr,
  intAttr,
  intsAttr,
  isDefaultDomain,
  isDropped,
  stringAttr,
} from '@kneepoint/onnx';

/** By channel: multiplied by `scale`, then `shift` is added. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A convolution, and what happens to its channels, its bias among it, on the way to a value. */
export interface LinearPath extends Affine {
  readonly conv: NodeProto;
  /** Whether anything at all may be added on the way. */
  readonly shifts: boolean;
}

/** From a value back to the convolution that nothing but normalisation in inference form separates from it; each value has one reader. */
export function linearPath(graph: Graph, value: string): LinearPath | undefined {
  const steps: Affine[] = [];
  for (let at = value; ;) {
    const node = graph.producer(at);
    if (!node || !isDefaultDomain(node.domain) || graph.isOutput(at) || graph.consumers(at).length !== 1)
      return undefined;
    if (node.opType === 'Conv') return pathFrom(graph, node, steps);
    if (node.opType === 'BatchNormalization') {
      const own = normalisationOf(graph, node);
      if (!own) return undefined;
      steps.unshift(own);
    } else if (node.opType !== 'Identity') return undefined;
    at = node.input[0]!;
  }
}

/** What a BatchNormalization in inference form does: γ/√(σ² + ε) and β − μγ/√(σ² + ε). Undefined where it trains, or its numbers are computed. */
export function normalisationOf(graph: Graph, node: NodeProto): Affine | undefined {
  if (intAttr(node, 'training_mode', 0) !== 0 || node.output.length > 1) return undefined;
  const [gamma, beta, mean, variance] = node.input.slice(1, 5).map((name) => valuesOf(graph, name));
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = floatAttr(node, 'epsilon', 1e-5);
  const scale = gamma.map((value, o) => value / Math.sqrt(variance[o]! + epsilon));
  return { scale, shift: beta.map((value, o) => value - scale[o]! * mean[o]!) };
}

function pathFrom(graph: Graph, conv: NodeProto, steps: readonly Affine[]): LinearPath | undefined {
  const weight = graph.stored(conv.input[1]!);
  const outputs = Number(weight?.dims[0] ?? 0);
  const bias = conv.input[2] ? valuesOf(graph, conv.input[2]) : new Float64Array(outputs);
  if (outputs === 0 || weight!.dims.length < 3 || (weight!.dataType as DataType) !== DataType.FLOAT || !bias)
    return undefined;
  const { scale, shift } = steps.reduce<Affine>(
    (sum, step) => ({
      scale: sum.scale.map((value, o) => value * step.scale[o]!),
      shift: sum.shift.map((value, o) => value * step.scale[o]! + step.shift[o]!),
    }),
    { scale: new Float64Array(outputs).fill(1), shift: bias },
  );
  return { conv, scale, shift, shifts: steps.length > 0 || !!conv.input[2] };
}

/** How a convolution's window lies and moves. */
export interface Kernel {
  /** Along each axis of the map. */
  readonly lengths: readonly number[];
  readonly group: number;
  /** Channels that it reads. */
  readonly inputs: number;
  readonly outputs: number;
  /** Moves one position at a time. */
  readonly dense: boolean;
  /** Reads nothing outside of the map. */
  readonly inside: boolean;
  /** Says how much it pads by a rule that looks at its strides. */
  readonly automatic: boolean;
}

export function kernelOf(graph: Graph, conv: NodeProto): Kernel {
  const [outputs, perGroup, ...lengths] = graph.stored(conv.input[1]!)!.dims.map(Number) as [number, number];
  const group = intAttr(conv, 'group', 1);
  const automatic = hasAttr(conv, 'auto_pad') && stringAttr(conv, 'auto_pad').startsWith('SAME');
  return {
    ...{ lengths, group, outputs, automatic, inputs: perGroup * group },
    dense: intsAttr(conv, 'strides', []).every((stride) => stride === 1),
    inside: !automatic && intsAttr(conv, 'pads', []).every((pad) => pad === 0),
  };
}

/** One weight for each pair of channels, at every position. */
export function isPointwise({ lengths, group, dense, inside }: Kernel): boolean {
  return isNarrow({ lengths, group }) && dense && inside;
}

/** One weight for each pair of channels, wherever it is applied. */
export function isNarrow({ lengths, group }: Pick<Kernel, 'lengths' | 'group'>): boolean {
  return group === 1 && lengths.every((length) => length === 1);
}

/** A convolution's weights as if it had one group, [outputs, inputs, …], each filter times its scale. */
export function ungrouped(graph: Graph, conv: NodeProto, scale: Float64Array): Float64Array {
  const { outputs, inputs, group, lengths } = kernelOf(graph, conv);
  const taps = count(lengths);
  const [stored, perGroup] = [valuesOf(graph, conv.input[1]!)!, inputs / group];
  const weights = new Float64Array(outputs * inputs * taps);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / group)) * perGroup;
    for (let at = 0; at < perGroup * taps; at++)
      weights[(o * inputs + first) * taps + at] = scale[o]! * stored[o * perGroup * taps + at]!;
  }
  return weights;
}

/** Numbers of a constant; zeros where a skeleton has left them out, undefined where it is none. */
export function valuesOf(graph: Graph, name: string): Float64Array | undefined {
  const stored = graph.stored(name);
  if (!stored) return undefined;
  if (isDropped(stored)) return new Float64Array(count(stored.dims.map(Number)));
  const tensor: Tensor | undefined = graph.constant(name);
  return tensor && Float64Array.from(tensor.data as Float32Array);
}

/** Of so many positions along each axis, how many in all. */
export function count(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * length, 1);
}
