import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { differentiate } from '../backward/differentiate.ts';
import type { ForwardGraph } from './forward-graph.ts';
import { enteredWeights } from './forward-graph.ts';
import { nameOutputs } from './name-outputs.ts';
import { placeNetwork } from './network.ts';
import type { ForwardRequest } from './request.ts';

export interface VectorJacobianRequest extends ForwardRequest {
  /** Values whose derivative is wanted. Only those behind something trainable have one. */
  readonly values: readonly string[];
}

/** The derivative of vᵀ · outputs with respect to values inside a network, for any v that is fed. */
export interface VectorJacobianGraph extends Pick<ForwardGraph, 'image' | 'weights' | 'noise'> {
  readonly model: ModelProto;
  /** By output of the model, the input of its shape that takes v. */
  readonly vectors: ReadonlyMap<string, string>;
  /** By value, the graph's output `jacobian/NAME` of its shape; of a value that no output depends on there is none. */
  readonly gradients: ReadonlyMap<string, string>;
}

/** The graph of a vector-Jacobian product (Griewank and Walther, ch. 3): no loss and no labels. Throws as `trainingStep` does. */
export function vectorJacobian(request: VectorJacobianRequest): VectorJacobianGraph {
  const network = placeNetwork(request);
  const { emit, placed, outputs } = network;
  const vectors = new Map([...outputs].map(([name, value]) => [name, emit.input(`vector/${name}`, emit.shape(value))]));
  const seeds = new Map([...outputs].map(([name, value]) => [value, vectors.get(name)!]));
  const found = differentiate(emit, placed, seeds);
  const gradients = new Map<string, string>();
  for (const name of new Set(request.values)) {
    const value = placed.names.get(name);
    if (value === undefined) throw new Failure('INTERNAL', `the network makes no value ${name}`);
    const gradient = found.get(value);
    if (gradient !== undefined) gradients.set(name, emit.namedOutput(gradient, `jacobian/${name}`));
  }
  return {
    image: network.image,
    weights: enteredWeights(network),
    noise: placed.noise,
    vectors,
    gradients,
    model: nameOutputs(emit.build()),
  };
}
