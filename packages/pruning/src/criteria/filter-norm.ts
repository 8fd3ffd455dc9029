import { Failure } from '@kneepoint/failures';
import type { NodeProto } from '@kneepoint/onnx';
import { Graph, intAttr, volume } from '@kneepoint/onnx';
import { prepare } from '../surgery/prepare.ts';
import type { FilterWeight } from '../trace/edits.ts';
import { storedBehind, storedNumbers } from '../trace/stored.ts';
import type { ChannelScores, CriterionInput } from './criterion.ts';

/** One number per filter of a layer; undefined where there is none to be had. */
export type FilterMeasure = (
  graph: Graph,
  node: NodeProto,
  filters: number,
  weight: FilterWeight,
) => Float64Array | undefined;

/** The measure of every layer of which some filter can go. Throws PLAN_NEEDS_WEIGHTS. */
export function measureLayers({ analysis, model }: CriterionInput, measure: FilterMeasure): ChannelScores[] {
  if (!model) {
    throw new Failure('PLAN_NEEDS_WEIGHTS', 'this criterion reads weights and no model was given', {
      fix: 'give the model, or use the random criterion',
    });
  }
  const graph = new Graph(prepare(model));
  const nodes = new Map(graph.proto.node.map((node) => [node.name, node]));
  const weights = new Map(analysis.trace.layers.map(({ node, weight }) => [node.name, weight]));
  return analysis.layers.flatMap(({ name, filters, classes, prunable }) => {
    const scores = prunable ? measure(graph, nodes.get(name)!, filters, weights.get(name)!) : undefined;
    return scores ? [{ layer: name, classes, scores }] : [];
  });
}

/** A measure that adds up a function of every weight of a filter. */
export function summed(term: (weight: number) => number) {
  return (graph: Graph, node: NodeProto, filters: number, { input, axis }: FilterWeight): Float64Array => {
    const { data, dims } = storedNumbers(graph, storedBehind(graph, node.input[input]!)!);
    const groups = node.opType === 'ConvTranspose' ? intAttr(node, 'group', 1) : 1;
    const sums = new Float64Array(filters);
    const inner = volume(dims.slice(axis + 1));
    const size = dims[axis]!;
    const outer = volume(dims.slice(0, axis));
    let at = 0;
    for (let row = 0; row < outer; row++) {
      // ConvTranspose stores the filters of group g at the rows of its inputs.
      const group = Math.floor((row * groups) / outer);
      for (let within = 0; within < size; within++) {
        let sum = 0;
        for (const end = at + inner; at < end; at++) sum += term(Number(data[at]));
        sums[group * size + within]! += sum;
      }
    }
    return sums;
  };
}
