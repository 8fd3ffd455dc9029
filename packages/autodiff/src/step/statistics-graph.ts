import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, Graph, setAttr } from '@kneepoint/onnx';
import { type ForwardGraph, enteredWeights } from './forward-graph.ts';
import { nameOutputs } from './name-outputs.ts';
import { placeNetwork } from './network.ts';
import type { ForwardRequest } from './request.ts';

/** A network that tells what its normalisations see in a batch. */
export interface StatisticsGraph extends Pick<ForwardGraph, 'image' | 'weights' | 'noise'> {
  readonly model: ModelProto;
  /** By initializer of a running statistic: the output that gives the batch's own. */
  readonly statistics: ReadonlyMap<string, string>;
}

/**
 * The forward half of a training step that gives the statistics of the batch by which its normalisations go, instead of moving the
 * running ones towards them: weights that no batch has trained (averages of several steps) have no statistics yet.
 */
export function statisticsGraph(request: ForwardRequest): StatisticsGraph {
  const model = cloneModel(request.model);
  for (const node of new Graph(model).proto.node) {
    if (node.opType === 'BatchNormalization') setAttr(node, 'momentum', { float: 0 });
  }
  const network = placeNetwork({ ...request, model });
  const { emit, placed } = network;
  const statistics = new Map(
    network.statistics.flatMap((name) => {
      const value = placed.updates.get(name);
      return value === undefined ? [] : [[name, emit.namedOutput(value, `batch/${name}`)] as const];
    }),
  );
  return {
    image: network.image,
    weights: enteredWeights(network),
    noise: placed.noise,
    statistics,
    model: nameOutputs(emit.build()),
  };
}
