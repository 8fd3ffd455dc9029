import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { MapSize, ModelProto, NodeProto } from '@kneepoint/onnx';
import {
  averageGrid,
  cloneModel,
  DataType,
  Graph,
  intTensor,
  NodeProtoSchema,
  setAttr,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';
import type { AttributeValue } from '@kneepoint/onnx';
import { hasChannelsLast, hasSpatialAxes } from './has-spatial-axes.ts';
import { keepOutputs } from './keep-outputs.ts';

export interface ExposeOptions {
  /** Whether the model's own outputs stay. Default false: whatever only they need is not computed. */
  readonly keepOutputs?: boolean;
  /** Values that are averaged on a 2 × 2 grid as well, with the size of their maps, each at least 2 × 2; see `averageGrid`. */
  readonly grids?: ReadonlyMap<string, MapSize>;
}

/** The output under which a value's pooled responses leave the model. */
export function pooledName(value: string): string {
  return `kneepoint.pooled/${value}`;
}

/** The output under which a value's averages on a grid leave the model. */
export function gridName(value: string): string {
  return `kneepoint.grid/${value}`;
}

/**
 * A model that gives, per value, its mean over all positions: N × C × ... (of a matrix of weights N × ... × C) becomes N × C float32 under `pooledName(value)`, and
 * where a grid is asked for, N × 4·C float32 under `gridName(value)`: the four averages of a channel, row by row, stand together. Full activations never leave the runtime. The model given is not changed; weights are shared. Throws RUNTIME_VALUE_UNKNOWN.
 */
export function exposePooled(model: ModelProto, values: readonly string[], options: ExposeOptions = {}): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const wanted = [...new Set(values)];
  for (const value of wanted) requireValue(graph, value);
  if (wanted.length === 0)
    throw new Failure('RUNTIME_VALUE_UNKNOWN', 'no value was asked for', { fix: 'name at least one tap' });
  if (wanted.some((value) => !hasSpatialAxes(graph, value))) addPoolingConstants(graph);
  for (const value of wanted) graph.proto.node.push(...pooling(graph, value));
  const { grids = new Map<string, MapSize>() } = options;
  for (const [value, size] of grids) graph.proto.node.push(...gridPooling(graph, requireValue(graph, value), size));
  const names = [...wanted.map(pooledName), ...[...grids.keys()].map(gridName)];
  const pooled = names.map((name) => valueInfo(name, ['N', undefined]));
  keepOutputs(copy, options.keepOutputs ? [...graph.outputs, ...pooled] : pooled);
  return copy;
}

const POSITIONS = 'kneepoint.pooled.positions';
const POSITION_AXIS = 'kneepoint.pooled.axis';
const ROWS = 'kneepoint.pooled.rows';
const MIDDLE_AXIS = 'kneepoint.pooled.middle';
const LAST_AXIS = 'kneepoint.pooled.last';

const CONSTANTS: Readonly<Record<string, number[]>> = {
  [POSITIONS]: [0, 0, -1],
  [POSITION_AXIS]: [2],
  [ROWS]: [0, -1],
  [MIDDLE_AXIS]: [1],
  [LAST_AXIS]: [-1],
};

/** What `keepOutputs` finds unused goes again. */
function addPoolingConstants(graph: Graph): void {
  for (const [name, values] of Object.entries(CONSTANTS)) {
    graph.proto.initializer.push(writeTensor(name, intTensor(values)));
  }
}

function pooling(graph: Graph, value: string): NodeProto[] {
  const out = pooledName(value);
  const last = node('Cast', [`${out}.rows`], out, { to: DataType.FLOAT });
  if (hasSpatialAxes(graph, value)) {
    // ONNX Runtime has this operator for its blocked layout too: the activations are not reordered to be read.
    return [
      node('GlobalAveragePool', [value], `${out}.means`),
      node('Flatten', [`${out}.means`], `${out}.rows`, { axis: 1 }),
      last,
    ];
  }
  // Right for any rank from two: a value without positions gets one and stays as it is.
  if (hasChannelsLast(graph, value)) {
    return [
      node('Shape', [value], `${out}.dims`),
      node('Gather', [`${out}.dims`, LAST_AXIS], `${out}.channels`),
      node('Concat', [ROWS, `${out}.channels`], `${out}.shape`, { axis: 0 }),
      node('Reshape', [value, `${out}.shape`], `${out}.flat`),
      mean(graph, `${out}.flat`, MIDDLE_AXIS, `${out}.rows`),
      last,
    ];
  }
  return [
    node('Reshape', [value, POSITIONS], `${out}.flat`),
    mean(graph, `${out}.flat`, POSITION_AXIS, `${out}.rows`),
    last,
  ];
}

/** N × C × H × W, or N × H × W × C of a matrix of weights. */
function gridPooling(graph: Graph, value: string, size: MapSize): NodeProto[] {
  const out = gridName(value);
  const stages = averageGrid(size);
  if (!stages) {
    throw new Failure('RUNTIME_VALUE_UNKNOWN', `a map of ${size.join(' × ')} has no grid`, {
      where: value,
      fix: 'ask for the grid of maps of at least 2 × 2',
    });
  }
  const nodes: NodeProto[] = [];
  let at = value;
  const add = (opType: string, output: string, attributes: Record<string, AttributeValue>): void => {
    nodes.push(node(opType, [at], output, attributes));
    at = output;
  };
  if (hasChannelsLast(graph, value)) add('Transpose', `${out}.turned`, { perm: [0, 3, 1, 2] });
  stages.forEach(({ kernel, strides }, i) =>
    add('AveragePool', `${out}.means${i}`, { kernel_shape: [...kernel], strides: [...strides] }),
  );
  add('Flatten', `${out}.rows`, { axis: 1 });
  add('Cast', out, { to: DataType.FLOAT });
  return nodes;
}

function mean(graph: Graph, input: string, axis: string, output: string): NodeProto {
  return graph.opset >= 18
    ? node('ReduceMean', [input, axis], output, { keepdims: 0 })
    : node('ReduceMean', [input], output, { axes: CONSTANTS[axis]!, keepdims: 0 });
}

function node(
  opType: string,
  input: string[],
  output: string,
  attributes: Record<string, AttributeValue> = {},
): NodeProto {
  const made = create(NodeProtoSchema, { name: output, opType, input, output: [output] });
  for (const [name, value] of Object.entries(attributes)) setAttr(made, name, value);
  return made;
}

function requireValue(graph: Graph, value: string): string {
  if (graph.producer(value) || graph.isInput(value)) return value;
  throw new Failure('RUNTIME_VALUE_UNKNOWN', `the model makes no value ${value}`, {
    where: value,
    fix: 'use the taps of this very model',
  });
}
