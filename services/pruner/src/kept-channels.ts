import type { ChannelAnalysis, Plan } from '@kneepoint/pruning';
import type { KeptChannels } from '@kneepoint/workflow';

/**
 * What a plan leaves of the registered model, as positions there: `before` is what the network that is cut still has of it, null for
 * everything. What was rotated is none of the registered model's channels any more, and is left out from then on.
 */
export function keptAfter(
  analysis: ChannelAnalysis,
  plan: Plan,
  { before, rotated }: { readonly before: KeptChannels | null; readonly rotated: ReadonlySet<string> },
): KeptChannels {
  const gone = new Set(plan.removedClasses);
  const turned = new Set(analysis.layers.flatMap(({ name, classes }) => (rotated.has(name) ? classes : [])));
  const layers = plan.layers.flatMap(({ name, kept }): [string, readonly number[]][] =>
    rotated.has(name) || (before && !before.layers[name]) ? [] : [[name, positionsIn(before?.layers[name], kept)]],
  );
  const taps = analysis.taps.flatMap(({ layer, classes }): [string, readonly number[]][] => {
    if (classes.some((id) => turned.has(id)) || (before && !before.taps[layer])) return [];
    const kept = [...classes.keys()].filter((channel) => !gone.has(classes[channel]!));
    return [[layer, positionsIn(before?.taps[layer], kept)]];
  });
  return {
    layers: Object.fromEntries(layers),
    taps: Object.fromEntries(taps),
    rotated: [...new Set([...(before?.rotated ?? []), ...rotated])].sort(),
  };
}

function positionsIn(before: readonly number[] | undefined, kept: readonly number[]): readonly number[] {
  return before ? kept.map((position) => before[position]!) : kept;
}
