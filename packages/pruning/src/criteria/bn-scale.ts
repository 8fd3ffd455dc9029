import { Failure } from '@kneepoint/failures';
import type { Graph, NodeProto } from '@kneepoint/onnx';
import { constantProto, isDefaultDomain, readTensor, tensorNumbers } from '@kneepoint/onnx';
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
  if (said.length === 0 && first) {
    throw new Failure('PLAN_NEEDS_NORMALISATION', 'no layer that can be pruned is followed by BatchNormalization', {
      where: `${first.name} (${first.op})`,
      fix: 'use l1, or export the model without folding normalisation into the convolutions',
    });
  }
  return said;
};

function scale(graph: Graph, node: NodeProto, filters: number): Float64Array | undefined {
  const [user, ...others] = graph.consumers(node.output[0]!);
  if (user?.node.opType !== 'BatchNormalization' || !isDefaultDomain(user.node.domain) || others.length > 0) return;
  const gamma = constantProto(graph, user.node.input[1]!);
  const values = gamma && tensorNumbers(readTensor(gamma));
  return values?.length === filters ? Float64Array.from(values, Math.abs) : undefined;
}
