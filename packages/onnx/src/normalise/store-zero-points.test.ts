import { expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { DataType } from '../proto.ts';
import { floatTensor, readTensor } from '../tensor.ts';
import { normaliseModel } from './normalise-model.ts';

it('steps without a zero point have 0 in uint8, in the shape of their scale, and who reads them has the same', () => {
  const net = new GraphBuilder({ opset: 17 });
  const x = net.input('x', ['N', 2, 4, 4]);
  const single = net.init(floatTensor([], [0.5]));
  const each = net.init(floatTensor([2], [0.5, 0.25]));
  const signed = net.init({ dims: [], type: DataType.INT8, data: Int8Array.of(0) });
  const a = net.node('DequantizeLinear', [net.node('QuantizeLinear', [x, single]), single]);
  const b = net.node('DequantizeLinear', [net.node('QuantizeLinear', [a, each], { axis: 1 }), each], { axis: 1 });
  net.output(net.node('DequantizeLinear', [net.node('QuantizeLinear', [b, single, signed]), single, signed]), [
    'N',
    2,
    4,
    4,
  ]);
  const { node, initializer } = normaliseModel(net.build()).model.graph!;
  const zeros = node.map(({ input }) => readTensor(initializer.find(({ name }) => name === input[2])!));
  const uint8 = (dims: readonly number[], ...values: readonly number[]) => ({
    dims,
    type: DataType.UINT8,
    data: Uint8Array.from(values),
  });
  expect(zeros).toEqual([
    ...[uint8([], 0), uint8([], 0), uint8([2], 0, 0), uint8([2], 0, 0)],
    ...[0, 1].map(() => ({ dims: [], type: DataType.INT8, data: Int8Array.of(0) })),
  ]);
});
