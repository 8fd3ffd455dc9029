import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { Graph, intConstant, NodeProtoSchema, readTensor, setAttr } from '@kneepoint/onnx';
import { absorbOrder } from './absorb-order.ts';
import { dealOut } from './deal-out.ts';
import { type Shuffle, takeNote } from './fold-shuffles.ts';
import { free } from './free-name.ts';

/**
 * Writes each Gather that `foldShuffles` made as every engine reads it, in place: as the Reshape, Transpose, Reshape that it was where what
 * is left of the channels is a shuffle still, else as nothing at all where what reads it can move its weights along, else as a Split and a
 * Concat. A Gather itself is misread by some: OpenVINO 2025.4 to 2026.4 takes one along axis 1 before a convolution for its inverse, and
 * ncnn converted by pnnx answers in another shape.
 * @param shapes of values; those of new ones are added
 */
export function spellShuffles(model: ModelProto, shapes: Map<string, readonly number[]>): void {
  const graph = new Graph(model);
  const noted = graph.topological().flatMap((gather) => {
    const shuffle = takeNote(gather);
    return shuffle ? [{ gather, shuffle, groups: groupsFor(graph, gather, shuffle, shapes) }] : [];
  });
  // An order that is spelled as it was takes no other into itself.
  const orders = new Map(
    noted.flatMap(({ gather, groups }) => (groups ? [] : [[gather, orderOf(graph, gather)] as const])),
  );
  const written = new Map<NodeProto, NodeProto[]>();
  for (const { gather, shuffle, groups } of noted) {
    written.set(
      gather,
      groups ? spelled(graph, gather, { shuffle, groups, shapes }) : dealt(graph, gather, orders, shapes),
    );
  }
  graph.proto.node = graph.proto.node.flatMap((node) => written.get(node) ?? [node]);
}

function orderOf(graph: Graph, gather: NodeProto): readonly number[] {
  return Array.from(readTensor(graph.initializer(gather.input[1]!)!).data, Number);
}

function groupsFor(
  graph: Graph,
  gather: NodeProto,
  shuffle: Shuffle,
  shapes: ReadonlyMap<string, readonly number[]>,
): number | undefined {
  if (shuffle.length !== 3) return undefined;
  return groupsOf(orderOf(graph, gather), shapes.get(gather.input[0]!)![1]!);
}

/** An order that is no shuffle: what reads it absorbs all of it, or what lies within the parts of a Split, and the rest is written. */
function dealt(
  graph: Graph,
  gather: NodeProto,
  orders: Map<NodeProto, readonly number[]>,
  shapes: Map<string, readonly number[]>,
): NodeProto[] {
  const order = orders.get(gather)!;
  const [input, output] = [gather.input[0]!, gather.output[0]!];
  if (isSorted(order)) return [identity(gather)];
  const whole = absorbOrder(graph, output, order, { shapes, orders });
  if (whole) {
    whole.apply();
    for (const { node } of graph.consumers(output))
      node.input = node.input.map((name) => (name === output ? input : name));
    return [];
  }
  const sorted = sortedWithinParts(graph, output, order, shapes);
  const part = sorted && absorbOrder(graph, output, placesIn(sorted, order), { shapes, orders });
  part?.apply();
  return part && isSorted(sorted) ? [identity(gather)] : dealOut(graph, gather, part ? sorted : order, shapes);
}

/** The order sorted within each part of the Split that reads it; undefined where none does. */
function sortedWithinParts(
  graph: Graph,
  output: string,
  order: readonly number[],
  shapes: ReadonlyMap<string, readonly number[]>,
): number[] | undefined {
  const split = graph.consumers(output).find(({ node }) => node.opType === 'Split')?.node;
  let start = 0;
  return split?.output.flatMap((part) => {
    const from = start;
    start += shapes.get(part)?.[1] ?? 0;
    return order.slice(from, start).sort((a, b) => a - b);
  });
}

function placesIn(sorted: readonly number[], order: readonly number[]): number[] {
  const at = new Map(sorted.map((channel, place) => [channel, place]));
  return order.map((channel) => at.get(channel) ?? -1);
}

function isSorted(order: readonly number[]): boolean {
  return order.every((source, channel) => source === channel);
}

function identity({ name, input, output }: NodeProto): NodeProto {
  return create(NodeProtoSchema, { name, opType: 'Identity', input: [input[0]!], output: [...output] });
}

function spelled(
  graph: Graph,
  gather: NodeProto,
  {
    shuffle,
    groups,
    shapes,
  }: { readonly shuffle: Shuffle; readonly groups: number; readonly shapes: Map<string, readonly number[]> },
): NodeProto[] {
  const [channels, ...places] = shapes.get(gather.input[0]!)!.slice(1) as [number, ...number[]];
  const size = channels / groups;
  const [apart, across, together] = shuffle as readonly [Shuffle[0], Shuffle[0], Shuffle[0]];
  const reshape = ({ node, output }: Shuffle[0], input: string, dims: readonly number[]): NodeProto => {
    const shape = free(graph, `${node}_shape`);
    // 0 is the size that the input has there: the batch is whatever it is.
    graph.proto.initializer.push(intConstant(shape, [0, ...dims], [dims.length + 1]));
    shapes.set(output, [1, ...dims]);
    return create(NodeProtoSchema, { name: node, opType: 'Reshape', input: [input, shape], output: [output] });
  };
  const turned = create(NodeProtoSchema, {
    name: across.node,
    opType: 'Transpose',
    input: [apart.output],
    output: [across.output],
  });
  setAttr(turned, 'perm', [0, 2, 1, ...places.map((_, i) => i + 3)]);
  shapes.set(across.output, [1, size, groups, ...places]);
  return [
    reshape(apart, gather.input[0]!, [groups, size, ...places]),
    turned,
    reshape(together, across.output, [channels, ...places]),
  ];
}

/** How many groups a shuffle of so many channels has that gives this order; undefined where it is none. */
function groupsOf(order: readonly number[], channels: number): number | undefined {
  if (order.length !== channels) return undefined;
  for (let groups = 2; groups < channels; groups++) {
    const size = channels / groups;
    if (!Number.isInteger(size)) continue;
    if (order.every((source, to) => source === (to % groups) * size + Math.floor(to / groups))) return groups;
  }
  return undefined;
}
