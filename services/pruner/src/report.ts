import { costs, encodeModel, type ModelProto } from '@kneepoint/onnx';
import type { Shapes } from '@kneepoint/pruning';
import type { Latency } from '@kneepoint/runtime';
import type { NetworkFigures, PlannedCompression, ReportLayer } from '@kneepoint/workflow';

/** Parameters and MACs by counting, bytes of the encoded file. */
export function sizeOf(model: ModelProto, shapes: Shapes): Omit<NetworkFigures, 'latencyMs'> {
  const { parameters, macs } = costs(model, shapes);
  return { parameters, macs, bytes: encodeModel(model).byteLength };
}

export function reportLayers({ layers }: PlannedCompression): readonly ReportLayer[] {
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
  }));
}

/** How much slower than in proportion to its MACs a network may become before the report says so. */
const LATENCY_SLACK = 1.5;

/** What a reader would otherwise find out too late. */
export function warningsOf(
  { before, after, layers }: PlannedCompression,
  latency: { readonly before: Latency; readonly after: Latency },
): readonly string[] {
  const warnings: string[] = [];
  const macs = after.macs / before.macs;
  const time = latency.after.p50 / latency.before.p50;
  if (time > macs * LATENCY_SLACK && time > 0.5) {
    warnings.push(
      `MACs fell to ${percent(macs)}, latency only to ${percent(time)}: channels that are no multiple of 8 or 16 often run no faster.`,
    );
  }
  const single = layers.filter((layer) => layer.prunable && layer.chosen === 0);
  if (single.length > 0) {
    warnings.push(
      `The curve of ${single.map((layer) => layer.name).join(', ')} says nothing about the task: left whole.`,
    );
  }
  return warnings;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
