import { Failure } from '@kneepoint/failures';
import { cloneModel, DataType, Graph, type ModelProto, type TensorProto, writeTensor } from '@kneepoint/onnx';
import type { Head } from '@kneepoint/regression';

/** A copy of an image → task network with other weights in its linear head; `name` is that of the head's node. */
export function setHead(
  model: ModelProto,
  name: string,
  { weights, bias }: Pick<Head, 'weights' | 'bias'>,
): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const node = copy.graph!.node.find((candidate) => candidate.name === name);
  if (!node) throw new Failure('INTERNAL', `the network has no node ${name}`);
  const [, weightName, biasName] = node.input;
  const targets = bias.length;
  const replacements = new Map<string, TensorProto>([
    [
      weightName!,
      writeTensor(weightName!, {
        dims: [targets, weights.length / targets],
        type: DataType.FLOAT,
        data: Float32Array.from(weights),
      }),
    ],
    [biasName!, writeTensor(biasName!, { dims: [targets], type: DataType.FLOAT, data: Float32Array.from(bias) })],
  ]);
  graph.proto.initializer = graph.proto.initializer.map((tensor) => replacements.get(tensor.name) ?? tensor);
  return copy;
}
