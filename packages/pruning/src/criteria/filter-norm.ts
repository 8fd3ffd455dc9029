import { Failure } from '@kneepoint/failures';
import type { NodeProto, Tensor } from '@kneepoint/onnx';
import { constantProto, Graph, intAttr, readTensor, volume } from '@kneepoint/onnx';
import { prepare } from '../surgery/prepare.ts';
import type { CriterionInput } from './criterion.ts';

/** One number per filter of a layer. */
export type FilterMeasure = (graph: Graph, node: NodeProto, filters: number) => Float64Array;

/**
 * One score per class from one number per filter: each layer's numbers are divided by their mean, then averaged over the members of
 * a class, so that a wide layer does not outvote a narrow one. Throws PLAN_NEEDS_WEIGHTS.
 */
export function classScores({ analysis, model }: CriterionInput, measure: FilterMeasure): Float64Array {
  if (!model) {
    throw new Failure('PLAN_NEEDS_WEIGHTS', 'this criterion reads weights and no model was given', {
      fix: 'give the model, or use the random criterion',
    });
  }
  const graph = new Graph(prepare(model));
  const nodes = new Map(graph.proto.node.map((node) => [node.name, node]));
  const sums = new Float64Array(analysis.classes.length);
  const counts = new Float64Array(analysis.classes.length);
  for (const layer of analysis.layers) {
    const scores = measure(graph, nodes.get(layer.name)!, layer.filters);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    layer.classes.forEach((id, filter) => {
      sums[id]! += mean > 0 ? scores[filter]! / mean : 0;
      counts[id]! += 1;
    });
  }
  return sums.map((sum, id) => sum / counts[id]!);
}

/** A measure that adds up a function of every weight of a filter. */
export function summed(term: (weight: number) => number): FilterMeasure {
  return (graph, node, filters) => {
    const { tensor, axis, groups } = filterWeight(graph, node);
    const sums = new Float64Array(filters);
    const inner = volume(tensor.dims.slice(axis + 1));
    const size = tensor.dims[axis]!;
    const rowsPerGroup = tensor.dims[0]! / groups;
    for (let i = 0; i < tensor.data.length; i++) {
      const within = Math.floor(i / inner) % size;
      // ConvTranspose stores the filters of group g at the rows of its inputs.
      const group = axis === 1 && groups > 1 ? Math.floor(i / (inner * size) / rowsPerGroup) : 0;
      sums[group * size + within]! += term(Number(tensor.data[i]));
    }
    return sums;
  };
}

interface FilterWeight {
  readonly tensor: Tensor;
  /** The axis along which filters lie. */
  readonly axis: number;
  readonly groups: number;
}

function filterWeight(graph: Graph, node: NodeProto): FilterWeight {
  const position = node.opType === 'MatMul' && !constantProto(graph, node.input[1]!) ? 0 : 1;
  const tensor = readTensor(constantProto(graph, node.input[position]!)!);
  const groups = node.opType === 'ConvTranspose' ? intAttr(node, 'group', 1) : 1;
  const columns =
    node.opType === 'ConvTranspose' ||
    (node.opType === 'MatMul' && position === 1) ||
    (node.opType === 'Gemm' && intAttr(node, 'transB', 0) === 0);
  return { tensor, axis: columns ? 1 : 0, groups };
}
