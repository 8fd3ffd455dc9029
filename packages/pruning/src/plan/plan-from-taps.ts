import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { makePlan } from './make-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';

export interface TapPlanOptions extends PlanLimits {
  /** Worth of each tap channel by layer name, for instance |β|: what limits give back first. Larger is better. */
  readonly scores?: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * The plan that keeps what the taps chose. `keep` holds the chosen tap channels by layer name. A class stays when any of its taps
 * chose it; a class without a tap in `keep` stays. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_FILTER, PLAN_BAD_LIMIT.
 */
export function planFromTaps(
  analysis: ChannelAnalysis,
  keep: ReadonlyMap<string, readonly number[]>,
  { scores, ...limits }: TapPlanOptions = {},
): Plan {
  const seen = new Set<number>();
  const chosen = new Set<number>();
  const worth = new Float64Array(analysis.classes.length);
  for (const [layer, channels] of keep) {
    const tap = analysis.taps.find((candidate) => candidate.layer === layer);
    if (!tap) {
      throw new Failure('PLAN_UNKNOWN_LAYER', `the network has no tap on a layer named ${layer}`, {
        where: layer,
        fix: `use one of ${analysis.taps.map((candidate) => candidate.layer).join(', ')}`,
      });
    }
    for (const id of tap.classes) seen.add(id);
    for (const channel of channels) {
      const id = tap.classes[channel];
      if (id === undefined) {
        throw new Failure('PLAN_BAD_FILTER', `channel ${channel} was chosen of ${tap.channels}`, {
          where: layer,
          fix: `give indices from 0 to ${tap.channels - 1}`,
        });
      }
      chosen.add(id);
    }
    const own = scores?.get(layer);
    tap.classes.forEach((id, channel) => {
      if (own && id >= 0) worth[id] = Math.max(worth[id]!, own[channel] ?? 0);
    });
  }
  const remove = [...seen].filter((id) => id >= 0 && !chosen.has(id));
  return makePlan(analysis, remove, limits, scores && worth);
}
