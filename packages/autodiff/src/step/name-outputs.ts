import type { ModelProto } from '@kneepoint/onnx';
import { Graph } from '@kneepoint/onnx';

/**
 * Gives values the names under which they leave the graph, in place of Identity nodes that copy them there: a step hands out every
 * weight. Changes the model and returns it.
 */
export function nameOutputs(model: ModelProto): ModelProto {
  const graph = new Graph(model);
  const renamed = new Map<string, string>();
  const copies = graph.proto.node.filter((node) => {
    const [value = '', output = ''] = [node.input[0], node.output[0]];
    if (node.opType !== 'Identity' || !graph.isOutput(output)) return false;
    // A value that is fed, stored or already handed out keeps its name, so it must be copied.
    if (!graph.producer(value) || graph.isOutput(value) || renamed.has(value)) return false;
    renamed.set(value, output);
    return true;
  });
  const gone = new Set(copies);
  graph.proto.node = graph.proto.node.filter((node) => !gone.has(node));
  for (const node of graph.proto.node) {
    node.input = node.input.map((name) => renamed.get(name) ?? name);
    node.output = node.output.map((name) => renamed.get(name) ?? name);
  }
  return model;
}
