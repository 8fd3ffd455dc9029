import type { ChannelAnalysis, Plan } from '@kneepoint/pruning';
import type { KeptChannels } from '@kneepoint/workflow';

/**
 * What a plan leaves of the registered model, as positions there: `before` is what the network that is cut still has of it, null for
 * everything.
 */
export function keptAfter(analysis: ChannelAnalysis, plan: Plan, before: KeptChannels | null): KeptChannels {
  const gone = new Set(plan.removedClasses);
  return {
    layers: Object.fromEntries(plan.layers.map(({ name, kept }) => [name, positionsIn(before?.layers[name], kept)])),
    taps: Object.fromEntries(
      analysis.taps.map(({ layer, classes }) => {
        const kept = [...classes.keys()].filter((channel) => !gone.has(classes[channel]!));
        return [layer, positionsIn(before?.taps[layer], kept)];
      }),
    ),
  };
}

function positionsIn(before: readonly number[] | undefined, kept: readonly number[]): readonly number[] {
  return before ? kept.map((position) => before[position]!) : kept;
}
