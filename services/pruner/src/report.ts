import { costs, encodeModel, type ModelProto } from '@kneepoint/onnx';
import type { Shapes } from '@kneepoint/pruning';
import type { NetworkFigures, PlannedCut, ReportLayer } from '@kneepoint/workflow';

/** Parameters and MACs by counting, bytes of the encoded file. */
export function sizeOf(model: ModelProto, shapes: Shapes): Omit<NetworkFigures, 'latencyMs'> {
  const { parameters, macs } = costs(model, shapes);
  return { parameters, macs, bytes: encodeModel(model).byteLength };
}

export function reportLayers({ layers }: PlannedCut): readonly ReportLayer[] {
  return layers.map((layer) => ({
    name: layer.name,
    filters: layer.filters,
    kept: layer.kept,
    lambda: layer.lambda,
    chosen: layer.chosen,
    indices: layer.indices,
    parametersBefore: layer.before.parameters,
    parametersAfter: layer.after.parameters,
    macsBefore: layer.before.macs,
    macsAfter: layer.after.macs,
    reason: layer.reason,
    frozenBy: layer.frozenBy,
    damage: layer.damage,
    note: layer.note,
  }));
}
