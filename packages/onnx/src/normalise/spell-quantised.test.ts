import { expect, it } from 'vitest';
import { hasAttr, intAttr } from '../attributes.ts';
import { GraphBuilder } from '../builder.ts';
import { DataType, type ModelProto } from '../proto.ts';
import { floatTensor, readTensor } from '../tensor.ts';
import { spellQuantised } from './spell-quantised.ts';

interface Linear {
  readonly transB?: number;
  readonly alpha?: number;
  readonly bias: readonly number[];
  readonly single?: boolean;
}

/** A linear layer of three inputs and two outputs in whole numbers, a scale for each output. */
function linear({ transB = 0, alpha = 1, bias, single = false }: Linear): ModelProto {
  const net = new GraphBuilder({ opset: 17 });
  const whole = (dims: readonly number[], value: number, type = DataType.INT8): string => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const data = Array<number>(count).fill(value);
    return net.init({ dims, type, data: type === DataType.INT32 ? Int32Array.from(data) : Int8Array.from(data) });
  };
  const at = [net.init(floatTensor([], [0.5])), whole([], 0)];
  const x = net.node('QuantizeLinear', [net.input('x', ['N', 3]), ...at]);
  const weight = [whole(transB ? [2, 3] : [3, 2], 7), net.init(floatTensor([2], [0.25, 0.125])), whole([2], 0)];
  const y = net.node('QGemm', [x, ...at, ...weight, whole(bias, 9, DataType.INT32), ...(single ? [] : at)], {
    ...{ transB, alpha: { float: alpha } },
  });
  net.output(y, ['N', 2]);
  const model = net.build();
  model.graph!.node.find(({ opType }) => opType === 'QGemm')!.domain = 'com.microsoft';
  spellQuantised(model);
  return model;
}

it('a linear layer in whole numbers has its scales along its outputs, whichever way its weight and its bias lie', () => {
  for (const [transB, bias, axes] of [
    [0, [2], [1, 0]],
    [1, [2], [0, 0]],
    [1, [1, 2], [0, 1]],
  ] as const) {
    const { node, initializer } = linear({ transB, bias }).graph!;
    expect(node.map(({ opType }) => opType)).toEqual([
      ...['QuantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'Gemm', 'QuantizeLinear'],
    ]);
    const read = node.filter(({ opType }) => opType === 'DequantizeLinear');
    expect(read.slice(1).map((one) => intAttr(one, 'axis', -9))).toEqual(axes);
    expect(hasAttr(read[0]!, 'axis')).toBe(false);
    const steps = initializer.find(({ name }) => name === read[2]!.input[1])!;
    expect([...(readTensor(steps).data as Float32Array)]).toEqual([0.125, 0.0625]);
  }
});

it('stays where its bias has other steps, and gives plain numbers where it has no scale of its own', () => {
  expect(linear({ bias: [2], alpha: 0.5 }).graph!.node.at(-1)!.opType).toBe('QGemm');
  expect(linear({ bias: [2, 1] }).graph!.node.at(-1)!.opType).toBe('QGemm');
  expect(linear({ bias: [2], single: true }).graph!.node.at(-1)!.opType).toBe('Gemm');
});
