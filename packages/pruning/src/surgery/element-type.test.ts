import { DataType, floatTensor, Graph, GraphBuilder, intTensor } from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import { elementType } from './element-type.ts';

const { FLOAT, FLOAT16, DOUBLE, INT64, UINT8, BOOL } = DataType;

it.each<[what: string, make: (net: GraphBuilder, x: string) => string, type: DataType]>([
  ['an input', (_, x) => x, FLOAT16],
  ['what keeps the type of its input', (net, x) => net.node('Relu', [x]), FLOAT16],
  ['a cast', (net, x) => net.node('Cast', [x], { to: DOUBLE }), DOUBLE],
  ['a cast to the type of another', (net, x) => net.node('CastLike', [x, net.node('Shape', [x])]), INT64],
  ['a shape', (net, x) => net.node('Relu', [net.node('Shape', [x])]), INT64],
  ['a comparison', (net, x) => net.node('Less', [x, x]), BOOL],
  ['a choice', (net, x) => net.node('Where', [net.node('Less', [x, x]), x, x]), FLOAT16],
  ['zeros of a shape', (net, x) => net.node('ConstantOfShape', [net.node('Shape', [x])]), FLOAT],
  [
    'a class spread over places, by the values that it is spread as',
    (net, x) =>
      net.node('OneHot', [net.node('Shape', [x]), net.init(intTensor([4], [])), net.init(floatTensor([2], [0, 1]))]),
    FLOAT,
  ],
  [
    'whole numbers, by their zero point',
    (net, x) => net.node('QuantizeLinear', [x, x, net.init({ dims: [], type: UINT8, data: Uint8Array.of(0) })]),
    UINT8,
  ],
  ['numbers again, by their scale', (net, x) => net.node('DequantizeLinear', [net.node('Shape', [x]), x]), FLOAT16],
  ['a layer, by its weight', (net, x) => net.node('Conv', [x, net.init(floatTensor([1, 1], [1]))]), FLOAT],
])('the type of %s', (_, make, type) => {
  const net = new GraphBuilder({ opset: 18 });
  const value = make(net, net.input('x', ['N', 3], FLOAT16));
  net.output(net.node('Identity', [value]));
  expect(elementType(new Graph(net.build()), value)).toBe(type);
});
