import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, Graph, isFloatType, readTensor, writeTensor } from '@kneepoint/onnx';

/**
 * A copy in which initializers that an exporter merged because their numbers were equal (fresh scales of 1, means of 0) are separate
 * again, named as the Identity nodes that stood for them. Training on would otherwise tie layers that only began alike.
 * Computes the same function.
 */
export function untie(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const merged = graph.proto.node.filter((node) => {
    const [input = '', output = ''] = [node.input[0], node.output[0]];
    const tensor = node.opType === 'Identity' ? graph.initializer(input) : undefined;
    return tensor !== undefined && isFloatType(tensor.dataType) && !graph.isOutput(output);
  });
  for (const { input, output } of merged) {
    graph.proto.initializer.push(writeTensor(output[0]!, readTensor(graph.initializer(input[0]!)!)));
  }
  const gone = new Set(merged);
  graph.proto.node = graph.proto.node.filter((node) => !gone.has(node));
  return copy;
}
