import { create } from '@bufbuild/protobuf';
import { hasAttr, tensorAttr } from '../attributes.ts';
import type { Graph } from '../graph.ts';
import { isDefaultDomain } from '../graph.ts';
import type { NodeProto, TensorProto } from '../proto.ts';
import { DataType, TensorProtoSchema } from '../proto.ts';
import { isDropped, readTensor, tensorDims, writeTensor } from '../tensor.ts';
import type { Movement } from './movement.ts';
import { move } from './movement.ts';

/** The stored tensor behind a name, payload or not: an initializer, or a Constant node in any of its attribute forms. */
export function constantProto(graph: Graph, name: string): TensorProto | undefined {
  const initializer = graph.initializer(name);
  if (initializer) return initializer;
  const node = graph.producer(name);
  if (node?.opType !== 'Constant' || !isDefaultDomain(node.domain)) return undefined;
  if (hasAttr(node, 'value')) return tensorAttr(node, 'value');
  const tensor = graph.constant(name);
  return tensor && writeTensor(name, tensor);
}

/** The same elements under another name and shape; works without the payload too. */
export function reshapedConstant(tensor: TensorProto, name: string, dims: readonly number[]): TensorProto {
  if (isDropped(tensor)) return droppedTwin(tensor, name, dims);
  return writeTensor(name, { ...readTensor(tensor), dims });
}

/** Elements chosen by a movement over the tensor's shape; works without the payload too. Float types and 32/64-bit integers. */
export function movedConstant(tensor: TensorProto, name: string, movement: Movement): TensorProto {
  if (isDropped(tensor)) return droppedTwin(tensor, name, movement.dims);
  const { type, data } = readTensor(tensor);
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) {
    return writeTensor(name, { dims: movement.dims, type, data: move(data, movement) });
  }
  const Result = data.constructor as new (length: number) => typeof data;
  const result = new Result(movement.index.length);
  for (let i = 0; i < result.length; i++) result[i] = data[movement.index[i]!]!;
  return writeTensor(name, { dims: movement.dims, type, data: result });
}

/** A tensor of a float type from numbers of any precision. */
export function floatConstant(
  name: string,
  type: DataType,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorProto {
  const data = type === DataType.DOUBLE ? Float64Array.from(values) : Float32Array.from(values);
  return writeTensor(name, { dims, type, data });
}

/** A tensor of ints, int64. */
export function intConstant(name: string, values: readonly number[], dims: readonly number[]): TensorProto {
  return writeTensor(name, { dims, type: DataType.INT64, data: BigInt64Array.from(values, BigInt) });
}

/** The dimensions of a constant. */
export function constantDims(tensor: TensorProto): number[] {
  return tensorDims(tensor);
}

/** Whether a node does nothing but hold a constant. */
export function isConstantNode(node: NodeProto): boolean {
  return node.opType === 'Constant' && isDefaultDomain(node.domain);
}

/** A tensor without payload that differs in name and shape. */
export function droppedTwin(tensor: TensorProto, name: string, dims: readonly number[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: tensor.dataType,
    dims: dims.map(BigInt),
    dataLocation: tensor.dataLocation,
    externalData: tensor.externalData,
  });
}
