import { clone } from '@bufbuild/protobuf';
import { hasAttr, intAttr, intsAttr, setAttr } from '../attributes.ts';
import { constantProto } from '../fold/constants.ts';
import { Graph, isDefaultDomain } from '../graph.ts';
import type { ModelProto, NodeProto } from '../proto.ts';
import { NodeProtoSchema } from '../proto.ts';

/**
 * Transposes a stored whole-number weight before it is dequantised instead of after, so that the weight can be stored as it is used and
 * stays in whole numbers. The dequantised value goes on for other readers. Changes the model.
 */
export function moveBeforeReading(model: ModelProto): void {
  const graph = new Graph(model);
  const { proto } = graph;
  proto.node = graph.topological().flatMap((node): NodeProto[] => {
    const read = graph.producer(node.input[0] ?? '');
    if (node.opType !== 'Transpose' || !isDefaultDomain(node.domain) || read?.opType !== 'DequantizeLinear')
      return [node];
    const stored = constantProto(graph, read.input[0] ?? '');
    const scale = constantProto(graph, read.input[1] ?? '');
    const inBlocks = hasAttr(read, 'block_size') && intAttr(read, 'block_size') !== 0;
    if (!stored || !scale || inBlocks || graph.isOutput(node.output[0]!)) return [node];
    const rank = stored.dims.length;
    const perm = intsAttr(
      node,
      'perm',
      Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
    );
    const moved = `${node.output[0]!}/stored`;
    const reading = clone(NodeProtoSchema, read);
    reading.name = `${node.output[0]!}/read`;
    reading.input[0] = moved;
    reading.output = [node.output[0]!];
    if (scale.dims.length === 1) {
      const axis = intAttr(read, 'axis', 1);
      setAttr(reading, 'axis', perm.indexOf(axis < 0 ? axis + rank : axis));
    }
    node.input = [read.input[0]!];
    node.output = [moved];
    return [node, reading];
  });
  dropUnreadReadings(model);
}

function dropUnreadReadings(model: ModelProto): void {
  const graph = new Graph(model);
  graph.proto.node = graph.proto.node.filter(({ opType, output: [name = ''] }) => {
    return opType !== 'DequantizeLinear' || graph.consumers(name).length > 0 || graph.isOutput(name);
  });
}
