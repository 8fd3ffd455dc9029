import { costs, encodeModel, type ModelProto } from '@kneepoint/onnx';
import { analyzeChannels, type Shapes } from '@kneepoint/pruning';
import {
  type KeptChannels,
  type LayerCost,
  type NetworkFigures,
  type ReportLayer,
  truncateAt,
} from '@kneepoint/workflow';
import type { Repaired } from './repair.ts';
import type { StartingPoint } from './starting-point.ts';

/** Parameters and MACs by counting, bytes of the encoded file. */
export function sizeOf(model: ModelProto, shapes: Shapes): Omit<NetworkFigures, 'latencyMs'> {
  const { parameters, macs } = costs(model, shapes);
  return { parameters, macs, bytes: encodeModel(model).byteLength };
}

/** What each layer of the registered model costs, up to the layer that the head reads, and how many filters it has. */
export type WholeLayers = ReadonlyMap<string, LayerCost & { readonly filters: number }>;

export function costsOfLayers(start: StartingPoint): WholeLayers {
  const { network, shapes } = truncateAt(start);
  const { nodes } = costs(network, shapes);
  const cost = new Map(nodes.map(({ name, parameters, macs }) => [name, { parameters, macs }]));
  return new Map(
    analyzeChannels(network, shapes).layers.map(({ name, filters }) => [
      name,
      { filters, ...(cost.get(name) ?? { parameters: 0, macs: 0 }) },
    ]),
  );
}

/** Of a layer that was rotated what it keeps is no choice of its filters. */
function withRank(note: string | null, kept: number): string {
  const rank = `keeps a rank of ${kept}: mixtures of its filters, which are linear inside`;
  return note === null ? rank : `${rank}; ${note}`;
}

function noteOf(note: string | null, left: string | undefined): string | null {
  if (left === undefined) return note;
  return note === null ? left : `${note}; ${left}`;
}

/** Every layer beside what it was in the registered model; where the network was cut before, by all cuts together. */
export function reportLayers(
  { planned: { layers }, healing, left }: Pick<Repaired, 'planned' | 'healing' | 'left'>,
  kept: KeptChannels,
  whole: WholeLayers,
): readonly ReportLayer[] {
  const rotated = new Set(kept.rotated);
  const healed = new Map(healing.map((layer) => [layer.layer, layer]));
  const reasons = new Map(left.map(({ layer, reason }) => [layer, `not healed: ${reason}`]));
  return layers.map((layer) => {
    const was = whole.get(layer.name) ?? { ...layer.before, filters: layer.filters };
    const own = healed.get(layer.name);
    return {
      name: layer.name,
      filters: was.filters,
      kept: layer.kept,
      lambda: layer.lambda,
      chosen: layer.chosen,
      indices: kept.layers[layer.name] ?? [],
      parametersBefore: was.parameters,
      parametersAfter: layer.after.parameters,
      macsBefore: was.macs,
      macsAfter: layer.after.macs,
      reason: layer.reason,
      frozenBy: layer.frozenBy,
      damage: layer.damage,
      note: noteOf(rotated.has(layer.name) ? withRank(layer.note, layer.kept) : layer.note, reasons.get(layer.name)),
      healing: own ? { before: own.before, after: own.after, ridge: own.ridge, note: own.note } : null,
    };
  });
}
