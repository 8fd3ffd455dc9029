import { DataType, floatTensor, GraphBuilder } from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import { preprocessInGraph } from './in-graph.ts';

const numbers = (values: readonly number[]) => floatTensor(values.length === 1 ? [] : [values.length], values);

function network(first: (g: GraphBuilder, x: string) => string, dims = [1, 8, 8, 3], type = DataType.FLOAT) {
  const g = new GraphBuilder();
  const x = g.input('x', dims, type);
  const kernel = floatTensor([4, 3, 3, 3], new Float32Array(4 * 27));
  g.output(g.conv(first(g, x), kernel));
  const model = g.build();
  model.producerName = 'tf2onnx';
  return model;
}

const behind =
  (operator: string, ...values: number[]) =>
  (g: GraphBuilder, x: string) =>
    g.node(operator, [g.node('Transpose', [x], { perm: [0, 3, 1, 2] }), g.init(numbers(values))]);

it.each<[string, (g: GraphBuilder, x: string) => string]>([
  ['Rescaling(1 / 255)', behind('Mul', 1 / 255)],
  ['Rescaling(1 / 127.5, offset=-1)', behind('Mul', 1 / 127.5)],
  ['a division by 255', behind('Div', 255)],
  ["the mean of ImageNet's colours", behind('Sub', 123.675, 116.28, 103.53)],
  ['the same, added', behind('Add', -103.939, -116.779, -123.68)],
])('a network that begins with %s takes numbers from 0 to 255, as Keras reads pictures', (_, first) => {
  const found = preprocessInGraph(network(first))!;
  expect(found.preprocess).toMatchObject({
    ...{ channels: 'rgb', range: [0, 255], mean: [0], std: [1], resize: 'plain', exif: false, alpha: 'ignore' },
  });
  expect(found.from).toMatch(/^the network, which scales numbers from 0 to 255 itself \(.+\)$/);
});

it('where the first arithmetic is another, nothing is read into it', () => {
  const none = (first: Parameters<typeof network>[0], dims?: number[], type?: DataType) =>
    expect(preprocessInGraph(network(first, dims, type))).toBeUndefined();
  none((g, x) => g.node('Transpose', [x], { perm: [0, 3, 1, 2] }));
  none(behind('Sub', 0.485, 0.456, 0.406));
  none(behind('Div', 0.229, 0.224, 0.225));
  none(behind('Mul', 255));
  none(behind('Mul', 1 / 255), [1, 8, 8, 3], DataType.UINT8);
  const other = network(behind('Mul', 1 / 255));
  other.producerName = 'pytorch';
  expect(preprocessInGraph(other)!.preprocess.resize).toBeUndefined();
});
