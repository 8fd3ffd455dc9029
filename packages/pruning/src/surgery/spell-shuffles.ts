import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { Graph, intConstant, NodeProtoSchema, readTensor, setAttr } from '@kneepoint/onnx';
import { type Shuffle, takeNote } from './fold-shuffles.ts';
import { free } from './free-name.ts';

/**
 * Writes each Gather that `foldShuffles` made as engines read it best, in place: as the Reshape, Transpose, Reshape that it was where what is left of the
 * channels is a shuffle still, as Identity where it is in order, else as a Gather whose axis counts from the end. OpenVINO 2025.4 to 2026.4 takes a
 * Gather along axis 1 before a convolution for its inverse, along the same axis counted from the end for what it is.
 * @param shapes of values; those of new ones are added
 */
export function spellShuffles(model: ModelProto, shapes: Map<string, readonly number[]>): void {
  const graph = new Graph(model);
  graph.proto.node = graph.proto.node.flatMap((gather) => {
    const shuffle = takeNote(gather);
    if (!shuffle) return [gather];
    const dims = shapes.get(gather.input[0]!)!;
    const order = Array.from(readTensor(graph.initializer(gather.input[1]!)!).data, Number);
    if (order.length === dims[1] && order.every((source, channel) => source === channel)) return [identity(gather)];
    const groups = shuffle.length === 3 ? groupsOf(order, dims[1]!) : undefined;
    if (groups !== undefined) return spelled(graph, gather, { shuffle, groups, shapes });
    setAttr(gather, 'axis', 1 - dims.length);
    return [gather];
  });
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
