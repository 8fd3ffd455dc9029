import type { ModelProto, NodeProto, ValueInfoProto } from '@kneepoint/onnx';
import { capturedValues, Graph } from '@kneepoint/onnx';

/**
 * Leaves in a model only what makes `outputs`: other nodes, weights and recorded shapes go, nodes come into topological order. Changes
 * the model it is given. Inputs stay, so that what is fed does not depend on what is read.
 */
export function keepOutputs(model: ModelProto, outputs: readonly ValueInfoProto[]): void {
  const graph = new Graph(model);
  const needed = new Set<NodeProto>();
  const used = new Set<string>();
  const open = outputs.map(({ name }) => name);
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    used.add(value);
    const node = graph.producer(value);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.input, ...capturedValues(node));
  }
  const { proto } = graph;
  proto.node = graph.topological().filter((node) => needed.has(node));
  proto.input = [...graph.inputs];
  proto.initializer = proto.initializer.filter(({ name }) => used.has(name));
  proto.output = [...outputs];
  proto.valueInfo = [];
}
