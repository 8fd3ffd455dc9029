import { create } from '@bufbuild/protobuf';
import { setAttr } from '../attributes.ts';
import { GRID_NODES } from '../average-grid.ts';
import { Graph } from '../graph.ts';
import type { ModelProto, NodeProto } from '../proto.ts';
import { NodeProtoSchema } from '../proto.ts';
import { intTensor, writeTensor } from '../tensor.ts';

/** Slice takes its bounds as inputs from here on. */
const LEAST_OPSET = 10;
const END = 2 ** 31 - 1;

/**
 * Makes the averages on a grid that a head reads follow the size of the maps, which windows of fixed length do not: a cell is a slice
 * whose bounds are computed from the shape (see `averageGrid` for them), and its mean. Changes the model; without a grid nothing.
 */
export function freeGrid(model: ModelProto): void {
  const graph = new Graph(model);
  const stages = graph
    .topological()
    .filter(({ name, opType }) => opType === 'AveragePool' && GRID_NODES.includes(name));
  const [first] = stages;
  const last = stages.at(-1);
  if (!first || !last || graph.opset < LEAST_OPSET) return;
  const [map = ''] = first.input;
  const [pooled = ''] = last.output;
  const made: NodeProto[] = [];
  const constant = (label: string, values: readonly number[]): string => {
    const name = `${pooled}/${label}`;
    graph.proto.initializer.push(writeTensor(name, intTensor(values)));
    return name;
  };
  const add = (opType: string, label: string, input: string[], axis?: number): string => {
    const name = `${pooled}/${label}`;
    const node = create(NodeProtoSchema, { name, opType, input, output: [name] });
    if (axis !== undefined) setAttr(node, 'axis', axis);
    made.push(node);
    return name;
  };
  const [begin, end] = [constant('begin', [0]), constant('end', [END])];
  const two = constant('two', [2]);
  const shape = add('Shape', 'shape', [map]);
  /** The two halves along an axis, which share the middle of an odd one. */
  const halves = (value: string, axis: number, label: string): string[] => {
    const at = constant(`${label}/axis`, [axis]);
    const length = add('Gather', `${label}/length`, [shape, at], 0);
    const down = add('Div', `${label}/down`, [length, two]);
    const up = add('Sub', `${label}/up`, [length, down]);
    return [
      add('Slice', `${label}/first`, [value, begin, up, at]),
      add('Slice', `${label}/second`, [value, down, end, at]),
    ];
  };
  const cells = halves(map, 2, 'rows').flatMap((half, row) => halves(half, 3, `columns${row}`));
  const means = cells.map((cell, i) => add('GlobalAveragePool', `cell${i}`, [cell]));
  const joined = create(NodeProtoSchema, { name: last.name, opType: 'Concat', input: means, output: [pooled] });
  setAttr(joined, 'axis', 2);
  made.push(joined);
  const place = graph.proto.node.indexOf(last);
  graph.proto.node.splice(place, 1, ...made);
  graph.proto.node = graph.proto.node.filter((node) => !stages.includes(node));
}
