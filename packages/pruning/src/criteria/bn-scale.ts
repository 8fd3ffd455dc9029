import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { constantProto, Graph, isDefaultDomain, readTensor, tensorNumbers } from '@kneepoint/onnx';
import type { Criterion } from './criterion.ts';
import { measureLayers } from './filter-norm.ts';

/**
 * The absolute scale |γ| of the batch normalisation right behind a layer (Liu et al. 2017, "Learning efficient convolutional networks
 * through network slimming"). Layers without one stay whole. Throws PLAN_NEEDS_WEIGHTS; PLAN_NEEDS_NORMALISATION when no layer has
 * one, as in files whose exporter folded normalisation into the convolutions.
 */
export const bnScale: Criterion = (input) => {
  const said = measureLayers(input, scale);
  const first = input.analysis.layers.find(({ prunable }) => prunable);
  if (said.length === 0 && first) throw withoutNormalisation(`${first.name} (${first.op})`);
  return said;
};

/**
 * What can be known of a network before anything is measured, its skeleton being enough: throws PLAN_NEEDS_NORMALISATION when nothing
 * in it is followed by normalisation, so that `bnScale` could rank no layer.
 */
export function requireNormalisation(model: ModelProto, where: string): void {
  const graph = new Graph(model);
  const followed = (node: NodeProto): boolean =>
    node.opType !== 'BatchNormalization' && node.output[0] !== undefined && !!normalisationBehind(graph, node);
  if (!graph.proto.node.some(followed)) throw withoutNormalisation(where);
}

function withoutNormalisation(where: string): Failure {
  return new Failure('PLAN_NEEDS_NORMALISATION', 'no layer that can be pruned is followed by BatchNormalization', {
    where,
    fix: 'use l1, or export the model without folding normalisation into the convolutions',
  });
}

function scale(graph: Graph, node: NodeProto, filters: number): Float64Array | undefined {
  const normalisation = normalisationBehind(graph, node);
  const gamma = normalisation && constantProto(graph, normalisation.input[1]!);
  const values = gamma && tensorNumbers(readTensor(gamma));
  return values?.length === filters ? Float64Array.from(values, Math.abs) : undefined;
}

/** The batch normalisation that alone reads a node's output. */
function normalisationBehind(graph: Graph, node: NodeProto): NodeProto | undefined {
  const [user, ...others] = graph.consumers(node.output[0]!);
  if (user?.node.opType !== 'BatchNormalization' || !isDefaultDomain(user.node.domain) || others.length > 0) return;
  return user.node;
}
