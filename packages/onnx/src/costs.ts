import { Failure } from '@kneepoint/failures';
import { byteLengthOf, isFloatType } from './data-type.ts';
import { Graph, isDefaultDomain } from './graph.ts';
import type { OperatorCost } from './operator-costs.ts';
import { CONTRACTIONS, OPERATOR_COSTS } from './operator-costs.ts';
import { weightRole, WHOLE_NUMBERS } from './parameters.ts';
import type { ModelProto, NodeProto, TensorProto } from './proto.ts';
import { elementCount, tensorDims } from './tensor.ts';
import { allTensors } from './walk.ts';

export interface NodeCost extends OperatorCost {
  readonly name: string;
  readonly op: string;
  /** Learned numbers that this node is the first to use. */
  readonly parameters: number;
}

export interface CostReport {
  /** Learned numbers: weights, biases, normalisation scale and shift. Running means and variances are not learned and not counted. */
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** 2 × macs. */
  readonly flops: number;
  readonly biasFlops: number;
  readonly elementwiseFlops: number;
  /** Bytes of every stored tensor, whatever its type, running statistics included. */
  readonly bytes: number;
  readonly nodes: readonly NodeCost[];
  /** Nodes that were given cost 0 because their operator has no rule or a shape is unknown. */
  readonly uncounted: readonly { readonly name: string; readonly op: string }[];
}

const FREE: OperatorCost = { macs: 0, biasFlops: 0, elementwiseFlops: 0 };

/**
 * What a model costs for one image. `shapes` holds the shape of every value at batch 1; weights are read for their dimensions
 * only, so a skeleton gives the same figures. Throws COST_SHAPE_MISSING when a contraction's shape is unknown, GRAPH_CYCLE.
 */
export function costs(model: ModelProto, shapes: ReadonlyMap<string, readonly number[]>): CostReport {
  const graph = new Graph(model);
  const counted = new Set<TensorProto>();
  const uncounted: { name: string; op: string }[] = [];
  const nodes = graph.topological().map((node): NodeCost => {
    const name = graph.nodeName(node);
    const cost = nodeCost(graph, node, shapes);
    if (!cost) uncounted.push({ name, op: node.opType });
    return { name, op: node.opType, parameters: countParameters(graph, node, counted), ...(cost ?? FREE) };
  });
  const sum = (pick: (node: NodeCost) => number) => nodes.reduce((total, node) => total + pick(node), 0);
  const macs = sum((node) => node.macs);
  return {
    parameters: sum((node) => node.parameters),
    macs,
    flops: 2 * macs,
    biasFlops: sum((node) => node.biasFlops),
    elementwiseFlops: sum((node) => node.elementwiseFlops),
    bytes: storedBytes(model),
    nodes,
    uncounted,
  };
}

function nodeCost(
  graph: Graph,
  node: NodeProto,
  shapes: ReadonlyMap<string, readonly number[]>,
): OperatorCost | undefined {
  const rule = isDefaultDomain(node.domain) ? OPERATOR_COSTS.get(node.opType) : undefined;
  if (!rule) return undefined;
  const shapeOf = (name: string | undefined) => {
    if (!name) return undefined;
    const stored = storedTensor(graph, name);
    return stored ? tensorDims(stored) : shapes.get(name);
  };
  const inputs = node.input.map(shapeOf);
  const output = shapeOf(node.output[0]);
  const cost = output && rule(node, { inputs, output });
  if (!cost && CONTRACTIONS.has(node.opType)) {
    const missing = [node.output[0], ...node.input].find((name) => name && !shapeOf(name)) ?? node.output[0] ?? '';
    throw new Failure('COST_SHAPE_MISSING', `the shape of ${missing} is not known`, {
      where: `node ${graph.nodeName(node)} (${node.opType})`,
    });
  }
  return cost;
}

function countParameters(graph: Graph, node: NodeProto, counted: Set<TensorProto>): number {
  if (!isDefaultDomain(node.domain)) return 0;
  let parameters = 0;
  node.input.forEach((name, input) => {
    const tensor = name ? storedTensor(graph, name) : undefined;
    if (!tensor || counted.has(tensor)) return;
    // Whole numbers that an operator reads as they are stored are sizes and positions; behind a node they are a quantised weight.
    if (!isFloatType(tensor.dataType) && graph.stored(name) && !WHOLE_NUMBERS.has(node.opType)) return;
    const elements = elementCount(tensorDims(tensor));
    if (weightRole(node, input, elements) !== 'parameter') return;
    counted.add(tensor);
    parameters += elements;
  });
  return parameters;
}

/** Sharing, half precision and quantisation: what stands between a weight and its use and leaves its shape alone. */
const READS: ReadonlySet<string> = new Set(['Identity', 'Cast', 'DequantizeLinear', 'QuantizeLinear']);

/** The stored tensor behind a name, seen through the nodes that exporters leave between a weight and its use. */
function storedTensor(graph: Graph, name: string): TensorProto | undefined {
  const seen = new Set<string>();
  for (let value = name; !seen.has(value);) {
    seen.add(value);
    const stored = graph.stored(value);
    if (stored) return stored;
    const node = graph.producer(value);
    if (!node || !READS.has(node.opType) || node.input[0] === undefined) return undefined;
    value = node.input[0];
  }
  return undefined;
}

function storedBytes(model: ModelProto): number {
  let bytes = 0;
  for (const { tensor } of allTensors(model)) {
    bytes += byteLengthOf(tensor.dataType, elementCount(tensorDims(tensor))) ?? 0;
  }
  return bytes;
}
