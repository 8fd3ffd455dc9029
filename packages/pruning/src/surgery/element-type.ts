import type { Graph, NodeProto, TensorProto, TypedArray } from '@kneepoint/onnx';
import {
  constantProto,
  DataType,
  floatConstant,
  hasAttr,
  intAttr,
  isFloatType,
  tensorAttr,
  writeTensor,
} from '@kneepoint/onnx';

/** Operators that give a type of their own, whatever they read. */
const TYPES: Readonly<Record<string, DataType>> = Object.fromEntries([
  ...['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression'].map(
    (name) => [name, DataType.INT64] as const,
  ),
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((name) => [name, DataType.BOOL] as const),
  ...['And', 'Or', 'Xor', 'Not', 'IsNaN', 'IsInf'].map((name) => [name, DataType.BOOL] as const),
]);
/** The input that has the type of the result, where it is not the first. */
const TYPED_BY: Readonly<Record<string, number>> = {
  ...{ Where: 1, CastLike: 1, OneHot: 2 },
  ...{ DequantizeLinear: 1, QuantizeLinear: 2 },
};

/** The type of a value's elements: that of what it is made of. A single, where nothing says another. */
export function elementType(graph: Graph, value: string): DataType {
  const seen = new Set<string>();
  for (let name = value; !seen.has(name);) {
    seen.add(name);
    const tensor = constantProto(graph, name);
    if (tensor) return tensor.dataType;
    const node = graph.producer(name);
    if (!node) {
      const type = graph.inputs.find((input) => input.name === name)?.type?.value;
      return type?.case === 'tensorType' ? type.value.elemType : DataType.FLOAT;
    }
    const own = ownType(node);
    if (own !== undefined) return own;
    // Weights say it at once, where a chain of layers would say it at its beginning.
    const weight = node.input.slice(1).map((input) => graph.initializer(input)?.dataType);
    const stored = CONTRACTIONS.has(node.opType)
      ? weight.find((type) => type !== undefined && isFloatType(type))
      : undefined;
    if (stored !== undefined) return stored;
    name = node.input[TYPED_BY[node.opType] ?? 0] ?? '';
  }
  return DataType.FLOAT;
}

/** The type that an operator gives by itself; undefined where it is that of an input. */
function ownType(node: NodeProto): DataType | undefined {
  if (node.opType === 'Cast') return intAttr(node, 'to');
  // What it fills with, not the whole numbers that it reads as a shape.
  if (node.opType === 'ConstantOfShape')
    return hasAttr(node, 'value') ? tensorAttr(node, 'value').dataType : DataType.FLOAT;
  return TYPES[node.opType];
}

const CONTRACTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** A constant of any type of number. */
export function numberConstant(
  name: string,
  type: DataType,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorProto {
  if (isFloatType(type)) return floatConstant(name, type, dims, values);
  const data: TypedArray =
    type === DataType.INT64
      ? BigInt64Array.from(Array.from(values, BigInt))
      : (INTEGERS[type] ?? Int32Array).from(values);
  return writeTensor(name, { dims, type, data });
}

const INTEGERS: Readonly<Partial<Record<DataType, { from(values: ArrayLike<number>): TypedArray }>>> = {
  [DataType.INT8]: Int8Array,
  [DataType.UINT8]: Uint8Array,
  [DataType.INT32]: Int32Array,
};
