import { create, isFieldSet } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { TypedArray } from './data-type.ts';
import { byteLengthOf, dataTypeName, STORAGE } from './data-type.ts';
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from './half.ts';
import type { TensorProto } from './proto.ts';
import { DataLocation, DataType, TensorProtoSchema } from './proto.ts';

/** A dense array. `data` is row-major; float16 and bfloat16 are widened to Float32Array while `type` keeps the stored type. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly type: DataType;
  readonly data: TypedArray;
}

/** The key under which external_data says that the values were left out on purpose. */
export const DROPPED_KEY = 'kneepoint.dropped';

/** A tensor whose values were left out (see `skeleton`). */
export function isDropped(tensor: TensorProto): boolean {
  return (
    tensor.dataLocation === DataLocation.EXTERNAL && tensor.externalData.some((entry) => entry.key === DROPPED_KEY)
  );
}

/** The dimensions as numbers. Throws TENSOR_BAD_DIMS for a negative one or one beyond 2^53. */
export function tensorDims(tensor: TensorProto): number[] {
  return tensor.dims.map((dim) => {
    const size = Number(dim);
    if (size < 0 || !Number.isSafeInteger(size)) {
      throw new Failure('TENSOR_BAD_DIMS', `tensor has dimensions [${tensor.dims.join(', ')}]`, {
        where: label(tensor),
      });
    }
    return size;
  });
}

/** The number of elements that dimensions hold; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * The values of a stored tensor, from whichever field holds them. Zero-copy where raw_data is aligned, so the result must
 * not be written to. Throws TENSOR_TYPE_UNSUPPORTED, TENSOR_SIZE_MISMATCH, TENSOR_BAD_DIMS, TENSOR_EXTERNAL, TENSOR_WEIGHTS_DROPPED.
 */
export function readTensor(tensor: TensorProto): Tensor {
  const dims = tensorDims(tensor);
  const type = tensor.dataType as DataType;
  const count = elementCount(dims);
  checkReadable(tensor);
  const stored = isFieldSet(tensor, TensorProtoSchema.field.rawData)
    ? fromRaw(tensor, type, count)
    : fromTypedField(tensor, type, count);
  if (type === DataType.FLOAT16) return { dims, type, data: widenFloat16(stored as Uint16Array) };
  if (type === DataType.BFLOAT16) return { dims, type, data: widenBfloat16(stored as Uint16Array) };
  return { dims, type, data: stored };
}

/** A tensor as raw_data; float16 and bfloat16 are narrowed, round to nearest even. Throws MODEL_BUILD when dims and data disagree. */
export function writeTensor(name: string, tensor: Tensor): TensorProto {
  const count = elementCount(tensor.dims);
  if (count !== tensor.data.length) {
    throw new Failure(
      'MODEL_BUILD',
      `dimensions [${tensor.dims.join(', ')}] hold ${count} elements, data has ${tensor.data.length}`,
      {
        where: `tensor ${name}`,
      },
    );
  }
  const stored = narrow(tensor);
  const storage = STORAGE.get(tensor.type);
  if (!storage || storage.name !== stored.constructor.name) {
    throw new Failure(
      'MODEL_BUILD',
      `type ${dataTypeName(tensor.type)} does not take a ${tensor.data.constructor.name}`,
      {
        where: `tensor ${name}`,
      },
    );
  }
  return create(TensorProtoSchema, {
    name,
    dataType: tensor.type,
    dims: tensor.dims.map(BigInt),
    rawData: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
  });
}

/** A float32 tensor. */
export function floatTensor(dims: readonly number[], data: Float32Array | readonly number[]): Tensor {
  return { dims, type: DataType.FLOAT, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** An int64 tensor, one-dimensional unless `dims` says otherwise. */
export function intTensor(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return { dims, type: DataType.INT64, data: BigInt64Array.from(values, BigInt) };
}

/** The elements as numbers; 64-bit integers beyond 2^53 are clamped there (exporters write INT64_MAX for "to the end"). */
export function tensorNumbers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, safeNumber);
}

/** A 64-bit integer as a number, clamped to the safe range. */
export function safeNumber(value: bigint | number): number {
  const number = Number(value);
  if (typeof value === 'number') return number;
  return Math.min(Math.max(number, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function narrow(tensor: Tensor): TypedArray {
  if (!(tensor.data instanceof Float32Array)) return tensor.data;
  if (tensor.type === DataType.FLOAT16) return narrowFloat16(tensor.data);
  if (tensor.type === DataType.BFLOAT16) return narrowBfloat16(tensor.data);
  return tensor.data;
}

function checkReadable(tensor: TensorProto): void {
  if (tensor.dataLocation !== DataLocation.EXTERNAL) return;
  if (isDropped(tensor)) {
    throw new Failure('TENSOR_WEIGHTS_DROPPED', 'the values of this tensor were left out', { where: label(tensor) });
  }
  throw new Failure('TENSOR_EXTERNAL', 'the values of this tensor lie in another file', { where: label(tensor) });
}

function fromRaw(tensor: TensorProto, type: DataType, count: number): TypedArray {
  const Storage = STORAGE.get(type);
  if (!Storage) throw unsupported(tensor);
  const raw = tensor.rawData;
  const expected = byteLengthOf(type, count);
  if (raw.byteLength !== expected) throw mismatch(tensor, `${expected} bytes`, `${raw.byteLength}`);
  // Protobuf gives no alignment; a typed array needs its own.
  const aligned = raw.byteOffset % Storage.BYTES_PER_ELEMENT === 0 ? raw : new Uint8Array(raw);
  return new Storage(aligned.buffer, aligned.byteOffset, count);
}

function fromTypedField(tensor: TensorProto, type: DataType, count: number): TypedArray {
  switch (type) {
    case DataType.FLOAT:
      return Float32Array.from(sized(tensor, tensor.floatData, count));
    case DataType.DOUBLE:
      return Float64Array.from(sized(tensor, tensor.doubleData, count));
    case DataType.INT64:
      return BigInt64Array.from(sized(tensor, tensor.int64Data, count));
    case DataType.UINT64:
      return BigUint64Array.from(sized(tensor, tensor.uint64Data, count));
    case DataType.UINT32:
      return Uint32Array.from(sized(tensor, tensor.uint64Data, count), Number);
    case DataType.INT8:
      return Int8Array.from(sized(tensor, tensor.int32Data, count));
    case DataType.UINT8:
    case DataType.BOOL:
      return Uint8Array.from(sized(tensor, tensor.int32Data, count));
    case DataType.INT16:
      return Int16Array.from(sized(tensor, tensor.int32Data, count));
    case DataType.UINT16:
    case DataType.FLOAT16:
    case DataType.BFLOAT16:
      return Uint16Array.from(sized(tensor, tensor.int32Data, count));
    case DataType.INT32:
      return Int32Array.from(sized(tensor, tensor.int32Data, count));
    default:
      throw unsupported(tensor);
  }
}

function sized<T>(tensor: TensorProto, values: T[], count: number): T[] {
  if (values.length !== count) throw mismatch(tensor, `${count} elements`, `${values.length}`);
  return values;
}

function mismatch(tensor: TensorProto, expected: string, found: string): Failure {
  return new Failure(
    'TENSOR_SIZE_MISMATCH',
    `dimensions [${tensor.dims.join(', ')}] of ${dataTypeName(tensor.dataType)} need ${expected}, found ${found}`,
    {
      where: label(tensor),
    },
  );
}

function unsupported(tensor: TensorProto): Failure {
  return new Failure('TENSOR_TYPE_UNSUPPORTED', `element type ${dataTypeName(tensor.dataType)} is not supported`, {
    where: label(tensor),
  });
}

function label(tensor: TensorProto): string {
  return `tensor ${tensor.name || '(unnamed)'}`;
}
