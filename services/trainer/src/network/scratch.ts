import {
  cloneModel,
  DataType,
  elementCount,
  Graph,
  type ModelProto,
  type NodeProto,
  readTensor,
  tensorDims,
  writeTensor,
} from '@kneepoint/onnx';
import { heInitialise } from '@kneepoint/pruning';

/** What an input of an operator is before anything was learned; where nothing is said, what He initialisation drew. */
const BEFORE_LEARNING: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  Conv: { 2: 0 },
  ConvTranspose: { 2: 0 },
  Gemm: { 2: 0 },
  BatchNormalization: { 1: 1, 2: 0, 3: 0, 4: 1 },
  InstanceNormalization: { 1: 1, 2: 0 },
  LayerNormalization: { 1: 1, 2: 0 },
  PRelu: { 1: 0.25 },
};

/** Arithmetic per channel behind a convolution is a learned bias or scale. */
const ARITHMETIC: Readonly<Record<string, number>> = { Add: 0, Sub: 0, Mul: 1, Div: 1 };

/**
 * The same architecture as if it had never been trained: contractions drawn anew (He et al. 2015), biases 0, normalisations without
 * effect, running statistics 0 and 1. What prepares the image stays.
 */
export function fromScratch(model: ModelProto, seed: number): ModelProto {
  const drawn = cloneModel(heInitialise(model, seed));
  const before = new Graph(model);
  const graph = new Graph(drawn);
  const fixed = new Map<string, number>();
  for (const node of graph.proto.node) {
    node.input.forEach((name, input) => {
      const value = BEFORE_LEARNING[node.opType]?.[input] ?? drawnArithmetic(node, name);
      if (value !== undefined && graph.initializer(name)) fixed.set(name, value);
    });
  }
  graph.proto.initializer = graph.proto.initializer.map((tensor) => {
    const value = fixed.get(tensor.name);
    // What He initialisation does not draw either: weights in other types than floats of up to 32 bits.
    if (value === undefined || (tensor.dataType as DataType) === DataType.DOUBLE) return tensor;
    const dims = tensorDims(tensor);
    const data = new Float32Array(elementCount(dims)).fill(value);
    return writeTensor(tensor.name, { dims, type: tensor.dataType, data });
  });
  return drawn;

  function drawnArithmetic(node: NodeProto, name: string): number | undefined {
    const value = ARITHMETIC[node.opType];
    const [old, now] = [before.initializer(name), graph.initializer(name)];
    if (value === undefined || !old || !now) return undefined;
    const numbers = readTensor(old).data;
    return readTensor(now).data.some((number, i) => number !== numbers[i]) ? value : undefined;
  }
}
