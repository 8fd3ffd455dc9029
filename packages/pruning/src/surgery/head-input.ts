import { Failure } from '@kneepoint/failures';
import { Graph, type ModelProto } from '@kneepoint/onnx';

/** The value that the linear head of an image → task network reads, N × features: what its last Gemm multiplies. Throws HEAD_BAD_SHAPE. */
export function headInput(model: ModelProto): string {
  const graph = new Graph(model);
  const [output] = graph.outputs;
  const node = output && graph.producer(output.name);
  const [input] = node?.opType === 'Gemm' ? node.input : [];
  if (input !== undefined && graph.outputs.length === 1) return input;
  throw new Failure('HEAD_BAD_SHAPE', `the network ends with ${node?.opType ?? 'nothing'}, not with one linear layer`, {
    where: output?.name ?? 'output',
    fix: 'a network that ends with a linear layer of one output per target',
  });
}
