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
  return {
    opset: new Graph(model).opset,
    producer: [original.producerName, original.producerVersion].filter(Boolean).join(' ') || 'unknown',
    parameters: cost.parameters,
    macs: cost.macs,
    layers,
    taps: findTaps(model, shapes).map(({ layer, value, channels, size }) => ({
      ...{ layer, value, channels },
      ...(size ? { size } : {}),
    })),
    notes: meaningAtStake(statisticsAtStake(analysis.trace)),
  };
}
