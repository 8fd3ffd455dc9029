import { create } from '@bufbuild/protobuf';
import type { NodeProto } from '@kneepoint/onnx';
import {
  constantProto,
  Graph,
  intConstant,
  intsAttr,
  isDefaultDomain,
  move,
  NodeProtoSchema,
  setAttr,
  StringStringEntryProtoSchema,
  stridesOf,
  transposition,
  volume,
} from '@kneepoint/onnx';
import type { ModelProto } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import { dealtOrder } from './deal-out.ts';
import { free } from './free-name.ts';

/**
 * Writes every Reshape, Transpose, Reshape that amounts to a permutation of channels (a channel shuffle) as one Gather, in place, and every
 * Split and Concat that puts the same channels together again (what `spellShuffles` made of one). Split over two axes, channels could only go in whole rows; in a Gather each goes by itself.
 */
export function foldShuffles(model: ModelProto, shapes: Shapes): void {
  const graph = new Graph(model);
  const { proto } = graph;
  const gone = new Set<NodeProto>();
  const replaced = new Map<NodeProto, NodeProto>();
  for (const node of proto.node) {
    if (gone.has(node)) continue;
    const found = shuffleFrom(graph, node, shapes);
    if (!found) continue;
    const { input, order, parts, note } = found;
    const indices = free(graph, `${node.name}_order`);
    proto.initializer.push(intConstant(indices, order, [order.length]));
    const output = parts.at(-1)!.output;
    const gather = create(NodeProtoSchema, { name: node.name, opType: 'Gather', input: [input, indices], output });
    setAttr(gather, 'axis', 1);
    gather.metadataProps.push(create(StringStringEntryProtoSchema, { key: KEY, value: JSON.stringify(note) }));
    replaced.set(node, gather);
    for (const part of parts) gone.add(part);
  }
  proto.node = proto.node.flatMap((node) => replaced.get(node) ?? (gone.has(node) ? [] : [node]));
}

/** What a Gather was before: names of nodes and of what they give. */
export type Shuffle = readonly { readonly node: string; readonly output: string }[];

const KEY = 'kneepoint.shuffle';

/** A permutation of channels that begins, or ends, at a node. */
interface Found {
  readonly input: string;
  /** The source of each channel. */
  readonly order: readonly number[];
  /** The nodes of it; the last one makes the result. */
  readonly parts: readonly NodeProto[];
  readonly note: Shuffle;
}

function shuffleFrom(graph: Graph, node: NodeProto, shapes: Shapes): Found | undefined {
  const dealt = dealtOrder(graph, node, shapes);
  if (dealt) return { ...dealt, parts: [dealt.apart, node], note: [] };
  const chain = movementChain(graph, node, shapes);
  const order = chain && channelOrder(chain, shapes);
  return order && { input: node.input[0]!, order, parts: chain, note: noteOf(graph, chain) };
}

/** What a shuffle was is written down only where its sizes stand in the file, so that others can be written in their place. */
function noteOf(graph: Graph, chain: readonly NodeProto[]): Shuffle {
  const isFixed = chain.every(
    ({ opType, input }) => opType !== 'Reshape' || constantProto(graph, input[1] ?? '') !== undefined,
  );
  return isFixed ? chain.map((node) => ({ node: graph.nodeName(node), output: node.output[0]! })) : [];
}

/** Takes the note from a Gather that `foldShuffles` made; undefined of any other node, empty where sizes are not fixed. */
export function takeNote(gather: NodeProto): Shuffle | undefined {
  const note = gather.metadataProps.find(({ key }) => key === KEY);
  if (!note) return undefined;
  gather.metadataProps = gather.metadataProps.filter((other) => other !== note);
  return JSON.parse(note.value) as Shuffle;
}

/** The shortest run of movements from a Reshape on, each read by the next alone, that ends in the shape it began with. */
function movementChain(graph: Graph, start: NodeProto, shapes: Shapes): NodeProto[] | undefined {
  if (start.opType !== 'Reshape' || !isDefaultDomain(start.domain)) return undefined;
  const dims = shapes.get(start.input[0] ?? '');
  if (!dims || dims.length < 2 || dims[0] !== 1) return undefined;
  const chain = [start];
  for (;;) {
    const node = chain.at(-1)!;
    const value = node.output[0]!;
    // Only while the first axis is the images' own is the result the same for every batch size.
    if (shapes.get(value)?.[0] !== 1) return undefined;
    if (node.opType === 'Transpose' && intsAttr(node, 'perm', [])[0] !== 0) return undefined;
    const shuffles = chain.some((part) => part.opType === 'Transpose');
    if (shuffles && sameShape(shapes.get(value), dims)) return chain;
    const [use, ...others] = graph.consumers(value);
    if (!use || others.length > 0 || graph.isOutput(value) || use.input !== 0) return undefined;
    if (use.node.opType !== 'Reshape' && use.node.opType !== 'Transpose') return undefined;
    chain.push(use.node);
  }
}

/** The source channel of each channel after the chain; undefined when more than channels moved. */
function channelOrder(chain: readonly NodeProto[], shapes: Shapes): number[] | undefined {
  const dims = shapes.get(chain[0]!.input[0]!)!;
  let index = Int32Array.from({ length: volume(dims) }, (_, i) => i);
  for (const node of chain) {
    if (node.opType !== 'Transpose') continue;
    index = move(index, transposition(shapes.get(node.input[0]!)!, intsAttr(node, 'perm')));
  }
  const inner = stridesOf(dims)[1]!;
  const order = Array.from({ length: dims[1]! }, (_, channel) => Math.floor(index[channel * inner]! / inner));
  const onlyChannels = index.every((source, i) => source === order[Math.floor(i / inner)]! * inner + (i % inner));
  return onlyChannels ? order : undefined;
}

function sameShape(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a?.length === b.length && b.every((size, axis) => size === a[axis]);
}
