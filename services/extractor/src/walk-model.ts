import { derivativesOf } from '@kneepoint/autodiff';
import { costs, Graph, type ModelProto } from '@kneepoint/onnx';
import { analyzeChannels, findTaps, meaningAtStake, type Shapes, statisticsAtStake } from '@kneepoint/pruning';
import type { LayerSummary, ModelInspection } from '@kneepoint/workflow';

/** What the channels, costs and taps of a model are, for one run of these shapes. */
export function walkModel(
  model: ModelProto,
  original: ModelProto,
  shapes: Shapes,
): Pick<ModelInspection, 'opset' | 'producer' | 'parameters' | 'macs' | 'layers' | 'taps' | 'notes'> {
  const analysis = analyzeChannels(model, shapes);
  const cost = costs(model, shapes);
  const costOf = new Map(cost.nodes.map((node) => [node.name, node]));
  const layers = analysis.layers.map((layer): LayerSummary => ({
    name: layer.name,
    op: layer.op,
    filters: layer.filters,
    prunable: layer.prunable,
    reason: layer.reason ?? null,
    ...(layer.frozenBy
      ? { frozenBy: { node: layer.frozenBy.node, operator: layer.frozenBy.op, reason: layer.frozenBy.text } }
      : {}),
    parameters: costOf.get(layer.name)?.parameters ?? 0,
    macs: costOf.get(layer.name)?.macs ?? 0,
  }));
  const graph = new Graph(model);
  const untrainedAt = derivativesOf(model);
  const taps = findTaps(model, shapes).map(({ layer, value, channels, size }) => {
    const node = untrainedAt(value);
    return {
      ...{ layer, value, channels },
      ...(size ? { size } : {}),
      ...(node ? { untrained: { node: graph.nodeName(node), operator: node.opType } } : {}),
    };
  });
  return {
    opset: graph.opset,
    producer: [original.producerName, original.producerVersion].filter(Boolean).join(' ') || 'unknown',
    parameters: cost.parameters,
    macs: cost.macs,
    layers,
    taps,
    notes: [...meaningAtStake(statisticsAtStake(analysis.trace)), ...untrainedNote(taps)],
  };
}

function untrainedNote(taps: ModelInspection['taps']): readonly string[] {
  const behind = taps.filter(({ untrained }) => untrained);
  const { untrained } = behind[0] ?? {};
  if (!untrained) return [];
  return [
    `${untrained.operator} has no derivative (node ${untrained.node}): with a head on any of the ${behind.length} of ${taps.length} layers behind it, what lies before cannot be trained, only cut.`,
  ];
}
