import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { capturedValues, Graph } from '@kneepoint/onnx';

/** Drops, in place, every node and initializer that no graph output depends on. Inputs that a caller feeds stay. */
export function removeDead(model: ModelProto): void {
  const graph = new Graph(model);
  const needed = new Set<string>(graph.outputs.map((output) => output.name));
  const alive = new Set<NodeProto>();
  for (const node of [...graph.topological()].reverse()) {
    if (!node.output.some((output) => needed.has(output))) continue;
    alive.add(node);
    for (const value of [...node.input, ...capturedValues(node)]) needed.add(value);
  }
  const { proto } = graph;
  proto.node = proto.node.filter((node) => alive.has(node));
  const fed = new Set(graph.inputs.map((input) => input.name));
  proto.initializer = proto.initializer.filter((tensor) => needed.has(tensor.name));
  proto.input = proto.input.filter((input) => fed.has(input.name) || needed.has(input.name));
}
