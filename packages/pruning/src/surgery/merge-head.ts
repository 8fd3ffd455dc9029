import type { ModelProto, NodeProto, Tensor } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  floatAttr,
  floatTensor,
  Graph,
  hasAttr,
  intAttr,
  intsAttr,
  isDefaultDomain,
  isDropped,
  writeTensor,
} from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import { removeDead } from './remove-dead.ts';

/** A network and the shapes of its values. */
export interface Shaped {
  readonly model: ModelProto;
  readonly shapes: Shapes;
}

/**
 * Merges into the linear head each 1 × 1 convolution that nothing but averages stands behind, where that costs fewer multiply-accumulates. With x the
 * input of the convolution K (and s, c the scale and shift of a normalisation behind it), P an average over positions and W, b the head,
 *
 *     W · P(s∘(K x) + c) + b = (W · s∘K) · P(x) + (W · c + b),
 *
 * as K acts at every position alike, and the weights of an average add up to 1. The head is one that `truncate` made; what a skeleton has left
 * out counts as 0. Gives the network itself where nothing is to be merged.
 */
export function mergeHead(network: Shaped): Shaped {
  const found = linearBefore(network);
  return found ? mergeHead(merged(network, found)) : network;
}

/** A convolution that the head can take in. */
interface Before {
  readonly head: NodeProto;
  /** The nodes from the one that reads what the convolution leads to up to the head's Flatten: averages, and that. */
  readonly readers: readonly NodeProto[];
  readonly conv: NodeProto;
  /** Each output of the convolution is multiplied and shifted so on its way to the reader. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** Averages of a channel. */
  readonly cells: number;
}

function linearBefore({ model, shapes }: Shaped): Before | undefined {
  const graph = new Graph(model);
  const head = graph.producer(graph.outputs[0]!.name);
  const flat = head?.opType === 'Gemm' ? graph.producer(head.input[0]!) : undefined;
  if (!head || flat?.opType !== 'Flatten' || intAttr(flat, 'axis', 1) !== 1) return undefined;
  const readers = [flat];
  for (let at = graph.producer(flat.input[0]!); at && averages(at); at = graph.producer(at.input[0]!))
    readers.unshift(at);
  const path = linearPath(graph, readers[0]!.input[0]!);
  if (!path || !isPointwise(graph, path.conv)) return undefined;
  const { conv } = path;
  const [before, after, read] = [conv.input[0]!, conv.output[0]!, flat.input[0]!].map((name) => shapes.get(name));
  const targets = shapes.get(graph.outputs[0]!.name)?.[1];
  if (!graph.producer(conv.input[0]!) || !before || !after || !read || targets === undefined) return undefined;
  const [inputs, outputs] = [before[1]!, after[1]!];
  const cells = read.slice(2).reduce((product, length) => product * length, 1);
  const positions = after.slice(2).reduce((product, length) => product * length, 1);
  if (cells * targets * inputs >= outputs * (positions * inputs + cells * targets)) return undefined;
  return { ...path, head, readers, cells };
}

/** Whether a node averages over positions, without padding that would count. */
function averages(node: NodeProto): boolean {
  if (!isDefaultDomain(node.domain)) return false;
  if (node.opType === 'GlobalAveragePool') return true;
  return (
    node.opType === 'AveragePool' && intsAttr(node, 'pads', []).every((pad) => pad === 0) && !hasAttr(node, 'auto_pad')
  );
}

/** From a value back to the convolution that nothing but normalisation in inference form separates from it; each value has one reader. */
function linearPath(graph: Graph, value: string): Pick<Before, 'conv' | 'scale' | 'shift'> | undefined {
  const steps: { readonly scale: Float64Array; readonly shift: Float64Array }[] = [];
  for (let at = value; ;) {
    const node = graph.producer(at);
    if (!node || !isDefaultDomain(node.domain) || graph.isOutput(at) || graph.consumers(at).length !== 1)
      return undefined;
    if (node.opType === 'Conv') return composed(graph, node, steps);
    if (node.opType === 'BatchNormalization') {
      const own = normalisation(graph, node);
      if (!own) return undefined;
      steps.unshift(own);
    } else if (node.opType !== 'Identity') return undefined;
    at = node.input[0]!;
  }
}

function normalisation(
  graph: Graph,
  node: NodeProto,
): { readonly scale: Float64Array; readonly shift: Float64Array } | undefined {
  if (intAttr(node, 'training_mode', 0) !== 0 || node.output.length > 1) return undefined;
  const [gamma, beta, mean, variance] = node.input.slice(1, 5).map((name) => valuesOf(graph, name));
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = floatAttr(node, 'epsilon', 1e-5);
  const scale = gamma.map((value, o) => value / Math.sqrt(variance[o]! + epsilon));
  return { scale, shift: beta.map((value, o) => value - scale[o]! * mean[o]!) };
}

function composed(
  graph: Graph,
  conv: NodeProto,
  steps: readonly { readonly scale: Float64Array; readonly shift: Float64Array }[],
): Pick<Before, 'conv' | 'scale' | 'shift'> | undefined {
  const outputs = Number(graph.stored(conv.input[1]!)?.dims[0] ?? 0);
  const bias = conv.input[2] ? valuesOf(graph, conv.input[2]) : new Float64Array(outputs);
  if (outputs === 0 || !bias) return undefined;
  const start = { scale: new Float64Array(outputs).fill(1), shift: bias };
  const { scale, shift } = steps.reduce(
    (sum, step) => ({
      scale: sum.scale.map((value, o) => value * step.scale[o]!),
      shift: sum.shift.map((value, o) => value * step.scale[o]! + step.shift[o]!),
    }),
    start,
  );
  return { conv, scale, shift };
}

/** One weight for each pair of channels, at every position. */
function isPointwise(graph: Graph, conv: NodeProto): boolean {
  const weight = graph.stored(conv.input[1]!);
  return (
    weight?.dataType === DataType.FLOAT &&
    weight.dims.length > 2 &&
    weight.dims.slice(2).every((length) => Number(length) === 1) &&
    intAttr(conv, 'group', 1) === 1 &&
    intsAttr(conv, 'strides', []).every((stride) => stride === 1) &&
    intsAttr(conv, 'pads', []).every((pad) => pad === 0)
  );
}

function merged({ model, shapes }: Shaped, { head, readers, conv, scale, shift, cells }: Before): Shaped {
  const graph = new Graph(model);
  const [targets, features] = graph.stored(head.input[1]!)!.dims.map(Number) as [number, number];

  const inputs = Number(graph.stored(conv.input[1]!)!.dims[1]);
  const kernel = valuesOf(graph, conv.input[1]!)!;
  const [old, bias] = [valuesOf(graph, head.input[1]!)!, valuesOf(graph, head.input[2]!)!.slice()];
  const weights = new Float64Array(targets * inputs * cells);
  for (let t = 0; t < targets; t++) {
    for (let f = 0; f < features; f++) {
      const [o, cell, weight] = [Math.floor(f / cells), f % cells, old[t * features + f]!];
      bias[t]! += weight * shift[o]!;
      for (let i = 0; i < inputs; i++) {
        weights[(t * inputs + i) * cells + cell]! += weight * scale[o]! * kernel[o * inputs + i]!;
      }
    }
  }
  const copy = cloneModel(model);
  const rewired = copy.graph!.node.find(({ output }) => output[0] === readers[0]!.output[0])!;
  rewired.input[0] = conv.input[0]!;
  const replaced = new Map([
    [head.input[1]!, floatTensor([targets, inputs * cells], Float32Array.from(weights))],
    [head.input[2]!, floatTensor([targets], Float32Array.from(bias))],
  ]);
  copy.graph!.initializer = copy.graph!.initializer.map((tensor) => {
    const own = replaced.get(tensor.name);
    return own ? writeTensor(tensor.name, own) : tensor;
  });
  removeDead(copy);
  const known = new Map(shapes);
  for (const name of readers.slice(0, -1).map(({ output }) => output[0]!))
    known.set(name, [1, inputs, ...shapes.get(name)!.slice(2)]);
  known.set(head.input[0]!, [1, inputs * cells]);
  return { model: copy, shapes: known };
}

/** Numbers of a constant; zeros where a skeleton has left them out, undefined where it is none. */
function valuesOf(graph: Graph, name: string): Float64Array | undefined {
  const stored = graph.stored(name);
  if (!stored) return undefined;
  if (isDropped(stored)) return new Float64Array(stored.dims.reduce((product, length) => product * Number(length), 1));
  const tensor: Tensor | undefined = graph.constant(name);
  return tensor && Float64Array.from(tensor.data as Float32Array);
}
