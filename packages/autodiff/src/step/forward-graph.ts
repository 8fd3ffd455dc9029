import type { ModelProto } from '@kneepoint/onnx';
import { weightInput } from '../forward/place.ts';
import { nameOutputs } from './name-outputs.ts';
import type { PlacedNetwork } from './network.ts';
import { exposeScores, placeNetwork } from './network.ts';
import type { ForwardRequest } from './request.ts';

/** A network with its weights as inputs, and nothing behind its outputs. */
export interface ForwardGraph {
  readonly model: ModelProto;
  readonly image: string;
  /** Initializers of the model that must be fed, and the inputs that take them. */
  readonly weights: readonly { readonly name: string; readonly input: string; readonly dims: readonly number[] }[];
  readonly noise: ReadonlyMap<string, readonly number[]>;
  /** By output of the model, the graph's output. */
  readonly scores: ReadonlyMap<string, string>;
}

/** The forward half of a training step alone: what the step's time is compared with. Inputs are named as the step's are. */
export function forwardGraph(request: ForwardRequest): ForwardGraph {
  const network = placeNetwork(request);
  const scores = exposeScores(network);
  return {
    image: network.image,
    weights: enteredWeights(network),
    noise: network.placed.noise,
    scores,
    model: nameOutputs(network.emit.build()),
  };
}

/** Weights and running statistics that are inputs of the graph. */
export function enteredWeights({ emit, trained, statistics }: PlacedNetwork): ForwardGraph['weights'] {
  return [...trained, ...statistics].map((name) => {
    const input = weightInput(name);
    return { name, input, dims: emit.shape(input) };
  });
}
