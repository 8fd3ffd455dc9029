import { clearField, create } from '@bufbuild/protobuf';
import { cloneModel } from './codec.ts';
import { isFloatType } from './data-type.ts';
import type { ModelProto, TensorProto } from './proto.ts';
import { DataLocation, DataType, StringStringEntryProtoSchema, TensorProtoSchema } from './proto.ts';
import { DROPPED_KEY, elementCount, tensorDims } from './tensor.ts';
import { allTensors } from './walk.ts';

/** Float tensors up to this many elements keep their values: scales and shape operands are among them. */
const KEPT_ELEMENTS = 64;

/**
 * The same graph without the values of its large float tensors: a few kilobytes from which plans and costs follow. Dimensions and
 * types stay, and so do integers and tensors of 64 elements or less; reading a left-out one throws TENSOR_WEIGHTS_DROPPED. The
 * mark survives encoding. The model itself is not changed.
 */
export function skeleton(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  for (const { tensor } of allTensors(copy)) {
    if (isFloatType(tensor.dataType) && elementCount(tensorDims(tensor)) > KEPT_ELEMENTS) dropValues(tensor);
  }
  return copy;
}

/** A float32 tensor of known dimensions whose values are left out. */
export function droppedTensor(name: string, dims: readonly number[]): TensorProto {
  const tensor = create(TensorProtoSchema, { name, dataType: DataType.FLOAT, dims: dims.map(BigInt) });
  dropValues(tensor);
  return tensor;
}

function dropValues(tensor: TensorProto): void {
  clearField(tensor, TensorProtoSchema.field.rawData);
  tensor.floatData = [];
  tensor.doubleData = [];
  tensor.int32Data = [];
  tensor.dataLocation = DataLocation.EXTERNAL;
  tensor.externalData = [create(StringStringEntryProtoSchema, { key: DROPPED_KEY, value: '1' })];
}
