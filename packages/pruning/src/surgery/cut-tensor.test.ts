import { create } from '@bufbuild/protobuf';
import { DataType, floatTensor, readTensor, TensorProtoSchema, writeTensor } from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import type { Cut } from '../trace/edits.ts';
import { cutTensor } from './cut-tensor.ts';

const keepEven = (labels: Int32Array) => [...labels.keys()].filter((i) => labels[i]! % 2 === 0);
const counting = (dims: readonly number[]) =>
  floatTensor(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const cut = (dims: readonly number[], ...cuts: Cut[]) => {
  const { dims: left, data } = readTensor(cutTensor(writeTensor('w', counting(dims)), 'w', cuts, keepEven));
  return { dims: left, data: [...data].map(Number) };
};

it('an axis loses the positions whose label goes, wherever it lies', () => {
  expect(cut([3, 2], { kind: 'axis', axis: 0, labels: Int32Array.of(0, 1, 2) })).toEqual({
    dims: [2, 2],
    data: [0, 1, 4, 5],
  });
  expect(cut([2, 3], { kind: 'axis', axis: 1, labels: Int32Array.of(0, 1, 2) })).toEqual({
    dims: [2, 2],
    data: [0, 2, 3, 5],
  });
});

it('groups keep their own inputs, and a group without any is dropped', () => {
  const groups: Cut = {
    kind: 'groups',
    groups: 3,
    major: Int32Array.of(0, 1, 1, 1, 1, 2),
    minor: Int32Array.of(0, 1, 1, 1, 1, 2),
  };
  // Rows 0 and 5 stay; group 0 keeps its first input, group 2 its second.
  expect(cut([6, 2], groups)).toEqual({ dims: [2, 1], data: [0, 11] });
});

it('unequal groups are a defect that is named, not a broken file', () => {
  const groups: Cut = { kind: 'groups', groups: 2, major: Int32Array.of(0, 0, 0, 1), minor: Int32Array.of(0, 0) };
  expect(() => cut([4, 1], groups)).toThrow(expect.objectContaining({ code: 'SURGERY_UNEQUAL_GROUPS' }));
});

it('half precision comes back bit for bit', () => {
  const half = writeTensor('h', { dims: [4], type: DataType.FLOAT16, data: Float32Array.of(0.1, 1, 65504, -6e-8) });
  const left = cutTensor(half, 'h', [{ kind: 'axis', axis: 0, labels: Int32Array.of(0, 1, 2, 4) }], keepEven);
  const codes = new Uint16Array(new Uint8Array(half.rawData).buffer);
  expect([...new Uint16Array(new Uint8Array(left.rawData).buffer)]).toEqual([codes[0], codes[2], codes[3]]);
});

it('a weight that lies askew in its file, or in a typed field, is cut like any other', () => {
  const whole = writeTensor('w', counting([4, 3]));
  const file = new Uint8Array(whole.rawData.byteLength + 1);
  file.set(whole.rawData, 1);
  const askew = { ...whole, rawData: file.subarray(1) };
  const listed = create(TensorProtoSchema, {
    name: 'w',
    dataType: DataType.FLOAT,
    dims: [4n, 3n],
    floatData: Array.from({ length: 12 }, (_, i) => i),
  });
  const cuts: Cut[] = [
    { kind: 'axis', axis: 1, labels: Int32Array.of(1, 0, 0) },
    { kind: 'axis', axis: 0, labels: Int32Array.of(1, 0, 0, 1) },
  ];
  for (const tensor of [askew, listed]) {
    const left = readTensor(cutTensor(tensor, 'w', cuts, keepEven));
    expect({ dims: left.dims, data: [...left.data] }).toEqual({ dims: [2, 2], data: [4, 5, 7, 8] });
  }
});
