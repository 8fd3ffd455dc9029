import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { differentiate } from '../backward/differentiate.ts';
import { weightInput } from '../forward/place.ts';
import type { LossInput } from '../loss/emit-losses.ts';
import { emitLosses } from '../loss/emit-losses.ts';
import type { LossTerm } from '../loss/loss.ts';
import type { ForwardGraph } from './forward-graph.ts';
import { enteredWeights } from './forward-graph.ts';
import { nameOutputs } from './name-outputs.ts';
import { placeNetwork } from './network.ts';
import type { ForwardRequest } from './request.ts';

export interface GradientRequest extends Omit<ForwardRequest, 'trainable'> {
  readonly loss: readonly LossTerm[];
  /** Initializers whose gradient is wanted, or 'all' that are learned. */
  readonly wrt: ReadonlySet<string> | 'all';
}

/** Loss and gradients of a network, without an update. */
export interface GradientGraph extends Pick<ForwardGraph, 'image' | 'weights' | 'noise'> {
  readonly model: ModelProto;
  readonly inputs: readonly LossInput[];
  /** The graph's output that holds the loss, a scalar. */
  readonly loss: string;
  /** By initializer, the graph's output `gradient/NAME` of its shape; what the loss does not depend on is absent. */
  readonly gradients: ReadonlyMap<string, string>;
}

/** The graph of a loss and its gradients, for criteria of pruning and for checks. Throws as `trainingStep` does. */
export function gradientsOf(request: GradientRequest): GradientGraph {
  const network = placeNetwork({ ...request, trainable: request.wrt });
  const { emit, placed, outputs, trained } = network;
  const losses = emitLosses(emit, request.loss, outputs);
  const seeds = new Map([...losses.seeds].map(([output, seed]) => [outputs.get(output)!, seed]));
  const found = differentiate(emit, placed, seeds);
  const gradients = new Map<string, string>();
  for (const name of trained) {
    const gradient = found.get(weightInput(name));
    if (gradient !== undefined) gradients.set(name, emit.namedOutput(gradient, `gradient/${name}`));
  }
  if (gradients.size === 0) throw new Failure('TRAINING_OPTION_INVALID', 'the loss depends on none of the weights');
  return {
    image: network.image,
    weights: enteredWeights(network),
    noise: placed.noise,
    inputs: losses.inputs,
    loss: emit.namedOutput(losses.total, 'loss'),
    gradients,
    model: nameOutputs(emit.build()),
  };
}
