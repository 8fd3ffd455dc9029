import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { floatTensor, type Graph, hasAttr, intAttr, intsAttr, isDefaultDomain, writeTensor } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import { count, valuesOf } from './linear-path.ts';
import { removeDead } from './remove-dead.ts';

/** A network and the shapes of its values. */
export interface Shaped {
  readonly model: ModelProto;
  readonly shapes: Shapes;
}

/** The linear head of a network that `truncate` made. */
export interface HeadSite {
  readonly head: NodeProto;
  /** The nodes up to the head's Flatten: averages, and that. */
  readonly readers: readonly [NodeProto, ...NodeProto[]];
  /** Averages of a channel. */
  readonly cells: number;
  readonly targets: number;
}

/** The linear head of a network, where it has one as `truncate` makes it. */
export function headSite(graph: Graph, shapes: Shapes): HeadSite | undefined {
  const head = graph.producer(graph.outputs[0]!.name);
  const flat = head?.opType === 'Gemm' ? graph.producer(head.input[0]!) : undefined;
  if (!head || flat?.opType !== 'Flatten' || intAttr(flat, 'axis', 1) !== 1) return undefined;
  const readers: [NodeProto, ...NodeProto[]] = [flat];
  for (let at = graph.producer(flat.input[0]!); at && averages(at); at = graph.producer(at.input[0]!))
    readers.unshift(at);
  const read = shapes.get(flat.input[0]!);
  const targets = shapes.get(graph.outputs[0]!.name)?.[1];
  return read && targets !== undefined ? { head, readers, targets, cells: count(read.slice(2)) } : undefined;
}

/** Whether a node averages over positions, without padding that would count. */
function averages(node: NodeProto): boolean {
  if (!isDefaultDomain(node.domain)) return false;
  if (node.opType === 'GlobalAveragePool') return true;
  return (
    node.opType === 'AveragePool' && intsAttr(node, 'pads', []).every((pad) => pad === 0) && !hasAttr(node, 'auto_pad')
  );
}

/** The head's bias with what is added to each channel on the way to it. */
export function shifted(graph: Graph, { head, targets, cells }: HeadSite, shift: Float64Array): Float64Array {
  const [old, bias] = [valuesOf(graph, head.input[1]!)!, valuesOf(graph, head.input[2]!)!.slice()];
  const features = shift.length * cells;
  for (let t = 0; t < targets; t++) {
    for (let f = 0; f < features; f++) bias[t]! += old[t * features + f]! * shift[Math.floor(f / cells)]!;
  }
  return bias;
}

/** Lets the head of a copy read another value, with weights for it. */
export function withHead(
  copy: ModelProto,
  shapes: Shapes,
  { head, readers, targets, cells }: HeadSite,
  reads: {
    readonly value: string;
    readonly channels: number;
    readonly weights: Float64Array;
    readonly bias: Float64Array;
  },
): Shaped {
  const { value, channels, weights, bias } = reads;
  const [first] = readers;
  copy.graph!.node.find(({ output }) => output[0] === first.output[0])!.input[0] = value;
  const replaced = new Map([
    [head.input[1]!, floatTensor([targets, channels * cells], Float32Array.from(weights))],
    [head.input[2]!, floatTensor([targets], Float32Array.from(bias))],
  ]);
  copy.graph!.initializer = copy.graph!.initializer.map((tensor) => {
    const own = replaced.get(tensor.name);
    return own ? writeTensor(tensor.name, own) : tensor;
  });
  removeDead(copy);
  const known = new Map(shapes);
  for (const name of readers.slice(0, -1).map(({ output }) => output[0]!))
    known.set(name, [1, channels, ...shapes.get(name)!.slice(2)]);
  known.set(head.input[0]!, [1, channels * cells]);
  return { model: copy, shapes: known };
}
