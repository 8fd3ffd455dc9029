import { expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { Graph } from '../graph.ts';
import { smallNets } from '../models/small-nets.ts';
import { intTensor } from '../tensor.ts';
import { Folder } from './folder.ts';

it('shape arithmetic is asked twice and follows the shapes it is given', () => {
  const net = new GraphBuilder();
  const x = net.input('x', ['N', 6, 4, 4]);
  const ints = (...values: number[]) => net.init(intTensor(values));
  const shape = net.node('Shape', [x]);
  const half = net.node('Div', [net.node('Slice', [shape, ints(1), ints(2)]), ints(2)]);
  const first = net.node('Unsqueeze', [net.node('Gather', [shape, net.init(intTensor([0], []))]), ints(0)]);
  const target = net.node('Concat', [first, half, ints(-1)], { axis: 0 });
  net.output(net.node('Reshape', [x, target]));
  const graph = new Graph(net.build());
  const asked = (dims: number[]) => [
    ...new Folder(graph, (name) => (name === 'x' ? dims : undefined)).value(target)!.data,
  ];
  expect(asked([1, 6, 4, 4])).toEqual([1, 3, -1]);
  expect(asked([2, 5, 4, 4])).toEqual([2, 2, -1]);
});

it('what depends on data, or is a weight, is not folded', () => {
  const graph = new Graph(smallNets.vggFlat!(1));
  const folder = new Folder(graph, () => [1, 2, 3]);
  for (const node of graph.proto.node) expect(folder.value(node.output[0]!)).toBeUndefined();
});
