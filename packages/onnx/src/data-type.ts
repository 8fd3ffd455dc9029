import { DataType } from './proto.ts';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type TypedArrayConstructor = {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
};

/** How the elements of a type lie in raw_data. float16 and bfloat16 are stored as 16-bit codes. */
export const STORAGE: ReadonlyMap<DataType, TypedArrayConstructor> = new Map<DataType, TypedArrayConstructor>([
  [DataType.FLOAT, Float32Array],
  [DataType.DOUBLE, Float64Array],
  [DataType.FLOAT16, Uint16Array],
  [DataType.BFLOAT16, Uint16Array],
  [DataType.INT8, Int8Array],
  [DataType.UINT8, Uint8Array],
  [DataType.BOOL, Uint8Array],
  [DataType.INT16, Int16Array],
  [DataType.UINT16, Uint16Array],
  [DataType.INT32, Int32Array],
  [DataType.UINT32, Uint32Array],
  [DataType.INT64, BigInt64Array],
  [DataType.UINT64, BigUint64Array],
]);

const OTHER_BITS: ReadonlyMap<number, number> = new Map([
  [DataType.COMPLEX64, 64],
  [DataType.COMPLEX128, 128],
  [DataType.FLOAT8E4M3FN, 8],
  [DataType.FLOAT8E4M3FNUZ, 8],
  [DataType.FLOAT8E5M2, 8],
  [DataType.FLOAT8E5M2FNUZ, 8],
  [DataType.UINT4, 4],
  [DataType.INT4, 4],
  [DataType.FLOAT4E2M1, 4],
]);

/** Bytes that `count` elements take in raw_data; undefined for strings and types newer than this list. */
export function byteLengthOf(type: number, count: number): number | undefined {
  const storage = STORAGE.get(type);
  if (storage) return count * storage.BYTES_PER_ELEMENT;
  const bits = OTHER_BITS.get(type);
  return bits === undefined ? undefined : Math.ceil((count * bits) / 8);
}

/** The format's name of an element type: FLOAT, INT64, ... */
export function dataTypeName(type: number): string {
  return DataType[type] ?? `type ${type}`;
}

const FLOATS: ReadonlySet<number> = new Set([DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16]);

/** Whether weights of this type are read as floating point numbers. */
export function isFloatType(type: number): boolean {
  return FLOATS.has(type);
}
