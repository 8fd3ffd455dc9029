import { Graph, type ModelProto } from '@kneepoint/onnx';
import type { healing } from '@kneepoint/pruning';

/** What became of one layer. */
export interface HealedLayer {
  readonly layer: string;
  readonly op: string;
  /** Weights of one filter that were fitted, its bias not counted; 0 where none were. */
  readonly unknowns: number;
  /** Penalty as a share of the mean square of what is read; null where the weights are as they were cut. */
  readonly ridge: number | null;
  /** Share of the variance of the original's answers that is missed on validation in the network as healed up to this layer, before and after. */
  readonly before: number;
  readonly after: number;
  /** What was not done, and why; null where nothing is to be said. */
  readonly note: string | null;
}

export function healedLayer(
  { node, op }: healing.Site,
  { sites, unknowns }: healing.Unit,
  { weights, biases, ridge, before, after }: healing.Refit,
): HealedLayer {
  const others = sites.flatMap((site) => (site.node === node ? [] : [site.node]));
  const notes = [
    unknowns.note,
    others.length > 0 ? `healed together with ${others.join(', ')}, whose weights it shares` : null,
    biases
      ? weights
        ? null
        : 'other weights do no better on validation: its bias alone was healed'
      : 'as it was cut: nothing does better on validation',
  ].filter((note) => note !== null);
  const fitted = unknowns.count > 0;
  return {
    ...{ layer: node, op, unknowns: unknowns.count, ridge, before, after },
    note: notes.length > 0 ? notes.slice(0, fitted ? undefined : 1).join('; ') : null,
  };
}

/** Layers in the order in which the network computes them. */
export function inOrder<T extends { readonly layer: string }>(model: ModelProto, layers: readonly T[]): T[] {
  const order = new Map(new Graph(model).topological().map((node, i) => [node.name, i]));
  return [...layers].sort((a, b) => order.get(a.layer)! - order.get(b.layer)!);
}
