import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import {
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
import { hasSpatialAxes } from './has-spatial-axes.ts';
import { keepOutputs } from './keep-outputs.ts';

export interface ExposeOptions {
  /** Whether the model's own outputs stay. Default false: whatever only they need is not computed. */
  readonly keepOutputs?: boolean;
}

/** The output under which a value's pooled responses leave the model. */
export function pooledName(value: string): string {
  return `kneepoint.pooled/${value}`;
}

/**
 * A model that gives, per value, its mean over all positions: N × C × ... becomes N × C float32 under `pooledName(value)`. Full
 * activations never leave the runtime. The model given is not changed; weights are shared. Throws RUNTIME_VALUE_UNKNOWN.
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
  const pooled = wanted.map((value) => valueInfo(pooledName(value), ['N', undefined]));
  keepOutputs(copy, options.keepOutputs ? [...graph.outputs, ...pooled] : pooled);
  return copy;
}

const POSITIONS = 'kneepoint.pooled.positions';
const POSITION_AXIS = 'kneepoint.pooled.axis';

function addPoolingConstants(graph: Graph): void {
  graph.proto.initializer.push(
    writeTensor(POSITIONS, intTensor([0, 0, -1])),
    writeTensor(POSITION_AXIS, intTensor([2])),
  );
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
  // Right for any rank from two: the output of a dense layer gets one position and stays as it is.
  const flat = node('Reshape', [value, POSITIONS], `${out}.flat`);
  const mean =
    graph.opset >= 18
      ? node('ReduceMean', [`${out}.flat`, POSITION_AXIS], `${out}.rows`, { keepdims: 0 })
      : node('ReduceMean', [`${out}.flat`], `${out}.rows`, { axes: [2], keepdims: 0 });
  return [flat, mean, last];
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

function requireValue(graph: Graph, value: string): void {
  if (graph.producer(value) || graph.isInput(value)) return;
  throw new Failure('RUNTIME_VALUE_UNKNOWN', `the model makes no value ${value}`, {
    where: value,
    fix: 'use the taps of this very model',
  });
}
