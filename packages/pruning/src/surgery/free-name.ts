import type { Graph } from '@kneepoint/onnx';

/** A name like the one given that no value, constant or node of a graph has. */
export function free(graph: Graph, stem: string): string {
  const nodes = new Set(graph.proto.node.map(({ name }) => name));
  const taken = (name: string): boolean =>
    nodes.has(name) ||
    !!graph.initializer(name) ||
    !!graph.producer(name) ||
    graph.isInput(name) ||
    graph.consumers(name).length > 0;
  let name = stem;
  for (let i = 2; taken(name); i++) name = `${stem}${i}`;
  return name;
}
