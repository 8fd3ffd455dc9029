import type { Graph, NodeProto, Tensor, TensorProto } from '@kneepoint/onnx';
import {
  constantProto,
  DataType,
  hasAttr,
  intAttr,
  isDefaultDomain,
  isFloatType,
  readTensor,
  stridesOf,
  tensorDims,
  tensorNumbers,
} from '@kneepoint/onnx';

/** A value that is fixed in the file: a stored tensor, and the nodes that say how its elements are read. */
export interface Stored {
  readonly tensor: TensorProto;
  /** Name of the stored tensor. */
  readonly name: string;
  /** Cast, QuantizeLinear, DequantizeLinear from the tensor to the value: each element by itself, so that the shape stays. */
  readonly steps: readonly NodeProto[];
}

/** The stored tensor behind a value, seen through quantisation and casts; undefined when the value depends on data. */
export function storedBehind(graph: Graph, value: string): Stored | undefined {
  const steps: NodeProto[] = [];
  for (let name = value; steps.length <= MAX_STEPS;) {
    const tensor = constantProto(graph, name);
    if (tensor) return steps.length === 0 || CUT.has(tensor.dataType) ? { tensor, name, steps } : undefined;
    const node = graph.producer(name);
    if (!node || !readsElements(graph, node)) return undefined;
    steps.unshift(node);
    name = node.input[0]!;
  }
  return undefined;
}

/** The tensor in the numbers that its reader sees: (q − zero point) · scale. Rounding by QuantizeLinear is left out. */
export function storedNumbers(graph: Graph, { tensor, steps }: Stored): Tensor {
  const stored = readTensor(tensor);
  const step = steps.find(({ opType }) => opType === 'DequantizeLinear');
  if (!step || isFloatType(stored.type)) return stored;
  const parameter = (input: number) => {
    const proto = constantProto(graph, step.input[input] ?? '');
    return proto ? tensorNumbers(readTensor(proto)) : [0];
  };
  const [scales, zeros] = [parameter(1), parameter(2)];
  const dims = tensorDims(tensor);
  const axis = scaleAxis(graph, step, dims.length);
  const stride = axis === undefined ? stored.data.length : stridesOf(dims)[axis]!;
  const data = Float32Array.from(stored.data as ArrayLike<number>, (value, i) => {
    const at = axis === undefined ? 0 : Math.floor(i / stride) % dims[axis]!;
    return (value - (zeros[at] ?? zeros[0]!)) * scales[at]!;
  });
  return { dims, type: DataType.FLOAT, data };
}

/** The axis along which a quantisation has a scale and zero point for each position; undefined when it has one for all. */
export function scaleAxis(graph: Graph, node: NodeProto, rank: number): number | undefined {
  const scale = constantProto(graph, node.input[1] ?? '');
  if (!QUANTISERS.has(node.opType) || scale?.dims.length !== 1 || scale.dims[0] === 1n) return undefined;
  const axis = intAttr(node, 'axis', 1);
  return axis < 0 ? axis + rank : axis;
}

function readsElements(graph: Graph, node: NodeProto): boolean {
  if (!isDefaultDomain(node.domain) || node.input[0] === undefined) return false;
  if (node.opType === 'Cast') return true;
  if (!QUANTISERS.has(node.opType) || (hasAttr(node, 'block_size') && intAttr(node, 'block_size') !== 0)) return false;
  return node.input.slice(1).every((name) => name === '' || constantProto(graph, name) !== undefined);
}

const QUANTISERS: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear']);
/** Element types that are read one by one; two int4 share a byte. */
const CUT: ReadonlySet<number> = new Set([
  ...[DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16],
  ...[DataType.INT8, DataType.UINT8, DataType.INT16, DataType.UINT16, DataType.INT32],
]);
const MAX_STEPS = 4;
