import type { Folder, Graph } from '@kneepoint/onnx';
import { isDefaultDomain } from '@kneepoint/onnx';
import { readAxes } from '../rules/mixing.ts';

/** Steps looked ahead. */
const FAR = 4;

/**
 * The axes of a value that those who read it mix. A channel axis that was split in two keeps its channels along one of them only,
 * and they are better kept where nothing mixes them (a group normalisation written as a Reshape and an InstanceNormalization).
 */
export function mixedAxes(graph: Graph, folder: Folder, value: string, rank: number, steps = FAR): Set<number> {
  const mixed = new Set<number>();
  for (const { node, input } of graph.consumers(value)) {
    if (input !== 0 || !isDefaultDomain(node.domain)) continue;
    const folded = (position: number) => folder.value(node.input[position] ?? '');
    const { mixed: here, passes } = readAxes({ node, opset: graph.opset, rank, folded });
    for (const axis of here) mixed.add(axis);
    if (!passes || steps === 0) continue;
    const later = mixedAxes(graph, folder, node.output[0]!, rank, steps - 1);
    passes.forEach((becomes, axis) => {
      if (later.has(becomes)) mixed.add(axis);
    });
  }
  return mixed;
}
