import type { Graph, GraphProto } from '@kneepoint/onnx';

/**
 * Gives what was cut in one way only the name of the whole, which is gone: constants, and nodes that read a quantised one. In place.
 * @param cutFrom names of cut values to the names of those that they were cut from
 * @param before the graph before the cut
 * @param shapes of values; those of renamed ones are added
 */
export function restoreNames(
  graph: GraphProto,
  cutFrom: ReadonlyMap<string, string>,
  before: Graph,
  shapes: Map<string, readonly number[]>,
): void {
  const used = new Set([
    ...graph.initializer.map((tensor) => tensor.name),
    ...graph.node.flatMap((node) => node.output),
  ]);
  const restored = new Map<string, string>();
  const restore = (cut: string) => {
    const name = cutFrom.get(cut);
    if (name === undefined || used.has(name)) return cut;
    used.add(name);
    restored.set(cut, name);
    return name;
  };
  for (const tensor of graph.initializer) tensor.name = restore(tensor.name);
  for (const node of graph.node) {
    const [cut] = node.output;
    const name = cut === undefined ? cut : restore(cut);
    if (name === undefined || name === cut) continue;
    node.output[0] = name;
    node.name = before.producer(name)!.name;
    shapes.set(name, shapes.get(cut!)!);
  }
  for (const node of graph.node) node.input = node.input.map((name) => restored.get(name) ?? name);
}
