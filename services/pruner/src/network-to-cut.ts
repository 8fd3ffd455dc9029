import { Graph, type ModelProto } from '@kneepoint/onnx';
import type { Shapes } from '@kneepoint/pruning';
import { readModelFile, shapesOf } from '@kneepoint/runtime';
import {
  criterionOf,
  type KeptChannels,
  type PruneOptions,
  rankTasks,
  type TaskCurves,
  truncateAt,
} from '@kneepoint/workflow';
import type { StartingPoint } from './starting-point.ts';

/** A network that a training made, and what it still has of the registered model; null for everything. */
export interface TrainedNetwork {
  readonly path: string;
  readonly kept: KeptChannels | null;
}

/** The image → task network that is cut. */
export interface NetworkToCut {
  readonly network: ModelProto;
  readonly shapes: Shapes;
  /** Name of the node that is the head. */
  readonly head: string;
  readonly kept: KeptChannels | null;
}

/** What a training made where there is something, else the registered model up to the layer that the head reads. */
export async function networkToCut(start: StartingPoint, trained: TrainedNetwork | undefined): Promise<NetworkToCut> {
  if (!trained) {
    const { network, shapes } = truncateAt(start);
    return { network, shapes, head: start.head.name, kept: null };
  }
  const network = await readModelFile(trained.path);
  const graph = new Graph(network);
  const head = graph.nodeName(graph.producer(graph.outputs[0]!.name)!);
  return { network, shapes: await shapesOf(network), head, kept: trained.kept };
}

/**
 * What the curves, which are of the registered model, say of the filters that a trained network has left of it: by layer, the worth of
 * each channel that is still there. Undefined where another criterion ranks, or where the network has everything that the curves are of.
 */
export function worthLeft(
  curves: readonly TaskCurves[],
  { kept }: NetworkToCut,
  { layer, options, trained }: { readonly layer: string; readonly options: PruneOptions; readonly trained: boolean },
): ReadonlyMap<string, Float64Array> | undefined {
  if (!trained || criterionOf(options) !== 'lasso') return undefined;
  const worth = new Map<string, Float64Array>();
  for (const [name, ranking] of rankTasks(curves, layer)) {
    const left = kept ? kept.taps[name] : ranking.worth.length;
    if (left === undefined) continue;
    worth.set(
      name,
      typeof left === 'number'
        ? Float64Array.from(ranking.worth)
        : Float64Array.from(left, (channel) => ranking.worth[channel]!),
    );
  }
  return worth;
}
