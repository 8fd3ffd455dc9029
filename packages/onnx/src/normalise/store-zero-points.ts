import { hasAttr } from '../attributes.ts';
import { Graph } from '../graph.ts';
import { DataType, type ModelProto } from '../proto.ts';
import { tensorDims, writeTensor } from '../tensor.ts';

/**
 * Gives each QuantizeLinear without a zero point the one that it stands for, 0 in uint8, and those that read its steps likewise. ONNX Runtime 1.30 takes a
 * Relu in front of such a one away in every session with optimisation, and refuses what is left as an invalid network; 1.31 does not. Changes
 * the model.
 */
export function storeZeroPoints(model: ModelProto): void {
  const graph = new Graph(model);
  for (const node of graph.proto.node) {
    if (node.opType !== 'QuantizeLinear' || node.input[2] || hasAttr(node, 'output_dtype')) continue;
    const scale = graph.initializer(node.input[1] ?? '');
    if (!scale) continue;
    const dims = tensorDims(scale);
    const name = `${node.name}/zero_point`;
    const data = new Uint8Array(dims.reduce((product, dim) => product * dim, 1));
    graph.proto.initializer.push(writeTensor(name, { dims, type: DataType.UINT8, data }));
    const readers = graph.consumers(node.output[0]!).map((use) => use.node);
    for (const one of [node, ...readers.filter(({ opType }) => opType === 'DequantizeLinear')]) {
      if (!one.input[2]) one.input = [one.input[0]!, one.input[1]!, name];
    }
  }
}
