import type { NodeProto, Graph } from '@kneepoint/onnx';
import { capturedValues } from '@kneepoint/onnx';
import type { Unit } from './units.ts';

/** Nodes that depend on none of the `open` ones: what they compute no longer changes. */
export function settledNodes(graph: Graph, open: ReadonlySet<string>): ReadonlySet<NodeProto> {
  const settled = new Set<NodeProto>();
  for (const node of graph.topological()) {
    const waits = inputsOf(node).some((value) => {
      const producer = graph.producer(value);
      return producer !== undefined && !settled.has(producer);
    });
    if (!waits && !open.has(node.name)) settled.add(node);
  }
  return settled;
}

/** The units of which every site reads settled values only. */
export function readyUnits(graph: Graph, settled: ReadonlySet<NodeProto>, open: readonly Unit[]): Unit[] {
  return open.filter(({ sites }) =>
    sites.every(({ input }) => {
      const producer = graph.producer(input);
      return producer === undefined || settled.has(producer);
    }),
  );
}

/**
 * The values at which a network can be taken up again: those that are settled and that nodes on the way to the `open` ones, which are
 * not, still need. What `storable` refuses is computed anew, from values that it accepts.
 */
export function frontier(
  graph: Graph,
  settled: ReadonlySet<NodeProto>,
  open: ReadonlySet<string>,
  storable: (value: string) => boolean,
): string[] {
  const varying = varyingValues(graph);
  const needed = new Set<string>();
  const found = new Set<string>();
  const keep = (value: string): void => {
    if (!varying.has(value) || found.has(value)) return;
    const producer = graph.producer(value);
    if (!producer || storable(value)) found.add(value);
    else inputsOf(producer).forEach(keep);
  };
  for (const node of [...graph.topological()].reverse()) {
    if (settled.has(node) || !(open.has(node.name) || node.output.some((value) => needed.has(value)))) continue;
    for (const value of inputsOf(node)) {
      const producer = graph.producer(value);
      if (producer && !settled.has(producer)) needed.add(value);
      else keep(value);
    }
  }
  return [...found];
}

/** Values that depend on the image. */
function varyingValues(graph: Graph): ReadonlySet<string> {
  const varying = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.topological()) {
    if (inputsOf(node).some((value) => varying.has(value))) for (const output of node.output) varying.add(output);
  }
  return varying;
}

function inputsOf(node: NodeProto): string[] {
  return [...node.input, ...capturedValues(node)].filter((value) => value !== '');
}
