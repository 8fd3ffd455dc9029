import { DataType } from '@kneepoint/onnx';

const TYPES: Readonly<Record<string, DataType | undefined>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  float16: DataType.FLOAT16,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int16: DataType.INT16,
  uint16: DataType.UINT16,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  int64: DataType.INT64,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
};

/** The element type behind ONNX Runtime's word for it; undefined for what is no number. */
export function typeOfPort(type: string): DataType | undefined {
  return TYPES[type];
}
