import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { elementCount, Graph, readTensor } from '@kneepoint/onnx';
import type { TrainingStep } from './training-step.ts';

/** What a step starts from, by input of its graph: the model's own weights and statistics, and an optimizer without memory. */
export function initialState(
  step: Pick<TrainingStep, 'weights' | 'slots'>,
  model: ModelProto,
): Record<string, Float32Array> {
  const graph = new Graph(model);
  const state: Record<string, Float32Array> = {};
  for (const { name, input } of step.weights) {
    const tensor = graph.initializer(name);
    if (!tensor) throw new Failure('INTERNAL', `the model has no initializer ${name}`);
    // A copy: what is read may lie in the bytes of the file.
    state[input] = Float32Array.from(readTensor(tensor).data as Float32Array);
  }
  for (const { input, dims } of step.slots) state[input] = new Float32Array(elementCount(dims));
  return state;
}

/** What the next step starts from, picked out of the results of one; by input of the graph. */
export function nextState<T>(
  step: Pick<TrainingStep, 'weights' | 'slots'>,
  results: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries([...step.weights, ...step.slots].map(({ input, output }) => [input, results[output]!]));
}

/** The weights and running statistics of a state, by initializer of the model: what `withWeights` takes. */
export function weightsOf(
  step: Pick<TrainingStep, 'weights'>,
  state: Readonly<Record<string, Float32Array>>,
): ReadonlyMap<string, Float32Array> {
  return new Map(step.weights.map(({ name, input }) => [name, state[input]!]));
}
