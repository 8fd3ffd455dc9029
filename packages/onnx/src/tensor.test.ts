import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { decodeModel, encodeModel } from './codec.ts';
import type { TensorProto } from './proto.ts';
import { DataType, TensorProtoSchema } from './proto.ts';
import type { Tensor } from './tensor.ts';
import { floatTensor, intTensor, readTensor, tensorNumbers, writeTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { runModel } from './testing/runtime.ts';

type Fields = Partial<Omit<TensorProto, '$typeName' | '$unknown'>>;
interface Encoding {
  readonly name: string;
  readonly type: DataType;
  readonly fields: Fields;
  readonly values: readonly number[];
}

const raw = (data: ArrayBufferView<ArrayBuffer>) => ({
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

const ENCODINGS: readonly Encoding[] = [
  { name: 'float, float_data', type: DataType.FLOAT, fields: { floatData: [1.5, -2, 0.25] }, values: [1.5, -2, 0.25] },
  { name: 'float, raw', type: DataType.FLOAT, fields: raw(Float32Array.of(1.5, -2, 0.25)), values: [1.5, -2, 0.25] },
  { name: 'double, double_data', type: DataType.DOUBLE, fields: { doubleData: [1.5, -2, 3] }, values: [1.5, -2, 3] },
  { name: 'double, raw', type: DataType.DOUBLE, fields: raw(Float64Array.of(1.5, -2, 3)), values: [1.5, -2, 3] },
  {
    name: 'float16, int32_data',
    type: DataType.FLOAT16,
    fields: { int32Data: [0x3e00, 0xc000, 0x3400] },
    values: [1.5, -2, 0.25],
  },
  {
    name: 'float16, raw',
    type: DataType.FLOAT16,
    fields: raw(Uint16Array.of(0x3e00, 0xc000, 0x3400)),
    values: [1.5, -2, 0.25],
  },
  {
    name: 'bfloat16, int32_data',
    type: DataType.BFLOAT16,
    fields: { int32Data: [0x3fc0, 0xc000, 0x3e80] },
    values: [1.5, -2, 0.25],
  },
  {
    name: 'bfloat16, raw',
    type: DataType.BFLOAT16,
    fields: raw(Uint16Array.of(0x3fc0, 0xc000, 0x3e80)),
    values: [1.5, -2, 0.25],
  },
  { name: 'int8, int32_data', type: DataType.INT8, fields: { int32Data: [-128, 0, 127] }, values: [-128, 0, 127] },
  { name: 'int8, raw', type: DataType.INT8, fields: raw(Int8Array.of(-128, 0, 127)), values: [-128, 0, 127] },
  { name: 'uint8, int32_data', type: DataType.UINT8, fields: { int32Data: [0, 1, 255] }, values: [0, 1, 255] },
  { name: 'uint8, raw', type: DataType.UINT8, fields: raw(Uint8Array.of(0, 1, 255)), values: [0, 1, 255] },
  { name: 'bool, int32_data', type: DataType.BOOL, fields: { int32Data: [1, 0, 1] }, values: [1, 0, 1] },
  { name: 'bool, raw', type: DataType.BOOL, fields: raw(Uint8Array.of(1, 0, 1)), values: [1, 0, 1] },
  { name: 'int16, int32_data', type: DataType.INT16, fields: { int32Data: [-300, 0, 300] }, values: [-300, 0, 300] },
  { name: 'int16, raw', type: DataType.INT16, fields: raw(Int16Array.of(-300, 0, 300)), values: [-300, 0, 300] },
  { name: 'uint16, int32_data', type: DataType.UINT16, fields: { int32Data: [0, 1, 65535] }, values: [0, 1, 65535] },
  { name: 'uint16, raw', type: DataType.UINT16, fields: raw(Uint16Array.of(0, 1, 65535)), values: [0, 1, 65535] },
  { name: 'int32, int32_data', type: DataType.INT32, fields: { int32Data: [-7, 0, 7] }, values: [-7, 0, 7] },
  { name: 'int32, raw', type: DataType.INT32, fields: raw(Int32Array.of(-7, 0, 7)), values: [-7, 0, 7] },
  {
    name: 'uint32, uint64_data',
    type: DataType.UINT32,
    fields: { uint64Data: [0n, 1n, 3_000_000_000n] },
    values: [0, 1, 3e9],
  },
  { name: 'uint32, raw', type: DataType.UINT32, fields: raw(Uint32Array.of(0, 1, 3e9)), values: [0, 1, 3e9] },
  { name: 'int64, int64_data', type: DataType.INT64, fields: { int64Data: [-7n, 0n, 7n] }, values: [-7, 0, 7] },
  { name: 'int64, raw', type: DataType.INT64, fields: raw(BigInt64Array.of(-7n, 0n, 7n)), values: [-7, 0, 7] },
  { name: 'uint64, uint64_data', type: DataType.UINT64, fields: { uint64Data: [0n, 1n, 7n] }, values: [0, 1, 7] },
  { name: 'uint64, raw', type: DataType.UINT64, fields: raw(BigUint64Array.of(0n, 1n, 7n)), values: [0, 1, 7] },
];

const proto = ({ type, fields }: Encoding) =>
  create(TensorProtoSchema, { name: 't', dataType: type, dims: [3n], ...fields });

describe.each(ENCODINGS)('a tensor stored as $name', (encoding) => {
  it('is read with its values, dimensions and stored type', () => {
    const tensor = readTensor(proto(encoding));
    expect(tensor).toMatchObject({ dims: [3], type: encoding.type });
    expect(tensorNumbers(tensor)).toEqual(encoding.values);
  });

  it('survives writing and reading', () => {
    const again = readTensor(writeTensor('t', readTensor(proto(encoding))));
    expect(again).toMatchObject({ dims: [3], type: encoding.type });
    expect(tensorNumbers(again)).toEqual(encoding.values);
  });

  it('means the same to ONNX Runtime before and after rewriting', async () => {
    const net = new GraphBuilder();
    const one = net.init(floatTensor([], [1]));
    const x = net.input('x', [3]);
    const again = writeTensor('again', readTensor(proto(encoding)));
    for (const name of [net.initProto(proto(encoding)), net.initProto(again)]) {
      net.output(net.node('Mul', [net.node('Cast', [name], { to: DataType.FLOAT }), net.node('Mul', [x, one])]), [3]);
    }
    const outputs = await runModel(net.build(), { x: { dims: [3], data: Float32Array.of(1, 1, 1) } });
    for (const { data } of Object.values(outputs)) expect([...data]).toEqual(encoding.values);
  });
});

describe('readTensor', () => {
  it('copies nothing where the bytes are aligned and reads right where they are not', () => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setFloat32(8, 1.5, true);
    new DataView(bytes.buffer).setFloat32(13, -2, true);
    const at = (offset: number) =>
      readTensor(
        create(TensorProtoSchema, {
          dataType: DataType.FLOAT,
          dims: [1n],
          rawData: bytes.subarray(offset, offset + 4),
        }),
      ).data;
    expect(at(8).buffer).toBe(bytes.buffer);
    expect([at(8)[0], at(13)[0]]).toEqual([1.5, -2]);
  });

  it('reads weights at any offset of a file that was read into a Buffer', () => {
    const net = new GraphBuilder();
    net.output(net.node('Add', [net.input('x', [5]), net.init(floatTensor([5], [1, 2, 3, 4, 5]), 'w')]), [5]);
    const file = encodeModel(net.build());
    for (let offset = 0; offset < 8; offset++) {
      const padded = Buffer.alloc(file.length + 8);
      padded.set(file, offset);
      const model = decodeModel(padded.subarray(offset, offset + file.length));
      expect([...readTensor(model.graph!.initializer[0]!).data]).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('clamps "to the end" marks of exporters to safe integers', () => {
    const tensor: Tensor = { dims: [2], type: DataType.INT64, data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)) };
    expect(tensorNumbers(tensor)).toEqual([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
  });

  it('holds one element without dimensions and none with a zero', () => {
    expect(readTensor(writeTensor('s', floatTensor([], [3]))).data).toEqual(Float32Array.of(3));
    expect(readTensor(writeTensor('e', intTensor([]))).data).toHaveLength(0);
  });
});

describe('writeTensor', () => {
  it('refuses dimensions that do not fit the data, and data that does not fit the type', () => {
    expect(failureOf(() => writeTensor('w', floatTensor([2, 2], [1, 2, 3])))).toEqual({
      code: 'MODEL_BUILD',
      message: 'dimensions [2, 2] hold 4 elements, data has 3',
      where: 'tensor w',
    });
    expect(
      failureOf(() => writeTensor('w', { dims: [1], type: DataType.INT64, data: Float32Array.of(1) })).message,
    ).toBe('type INT64 does not take a Float32Array');
  });
});
