import { create } from '@bufbuild/protobuf';
import type { ValueInfoProto } from './proto.ts';
import {
  DataType,
  TensorShapeProtoSchema,
  TensorShapeProto_DimensionSchema,
  TypeProtoSchema,
  TypeProto_TensorSchema,
  ValueInfoProtoSchema,
} from './proto.ts';

/** The dimensions of a value: a number, the name of a free one, or undefined where nothing is said. Without a shape: an empty list. */
export function dimsOf(value: ValueInfoProto): (number | string | undefined)[] {
  const type = value.type?.value;
  if (type?.case !== 'tensorType') return [];
  return (type.value.shape?.dim ?? []).map(({ value: dim }) => {
    if (dim.case === 'dimValue') return Number(dim.value);
    return dim.case === 'dimParam' && dim.value !== '' ? dim.value : undefined;
  });
}

/** A description of a tensor value: numbers are fixed dimensions, strings free ones, undefined unknown ones. */
export function valueInfo(
  name: string,
  dims?: readonly (number | string | undefined)[],
  type: DataType = DataType.FLOAT,
): ValueInfoProto {
  const tensor = create(TypeProto_TensorSchema, { elemType: type });
  if (dims) tensor.shape = create(TensorShapeProtoSchema, { dim: dims.map(dimension) });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
  });
}

function dimension(dim: number | string | undefined) {
  if (dim === undefined) return create(TensorShapeProto_DimensionSchema);
  if (typeof dim === 'string') {
    return create(TensorShapeProto_DimensionSchema, { value: { case: 'dimParam', value: dim } });
  }
  return create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(dim) } });
}
