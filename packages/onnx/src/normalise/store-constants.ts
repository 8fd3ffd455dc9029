import { constantProto, isConstantNode } from '../fold/constants.ts';
import { Graph } from '../graph.ts';
import type { ModelProto } from '../proto.ts';

/** From this version of the format on an initializer need not be listed as a graph input. */
const UNLISTED = 4n;

/**
 * Makes every Constant node of the main graph an initializer of the same name and takes initializers out of the graph inputs, where
 * they could be overridden and no runtime may fold them. A constant that is itself an output stays a node; so do strings and sparse
 * tensors. Changes the model.
 */
export function storeConstants(model: ModelProto): void {
  const graph = new Graph(model);
  const { proto } = graph;
  proto.node = proto.node.filter((node) => {
    const [name] = node.output;
    if (!name || !isConstantNode(node) || graph.isOutput(name)) return true;
    const tensor = constantProto(graph, name);
    if (!tensor) return true;
    tensor.name = name;
    proto.initializer.push(tensor);
    return false;
  });
  proto.input = [...graph.inputs];
  if (model.irVersion < UNLISTED) model.irVersion = UNLISTED;
}
