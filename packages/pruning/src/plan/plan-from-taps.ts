import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Decision, TapChoice } from './decide.ts';
import { decideClasses } from './decide.ts';
import { makePlan } from './make-plan.ts';
import type { Plan, PlanLimits } from './plan.ts';
import type { Rankings } from './ranking.ts';
import { requireTap } from './ranking.ts';

export interface TapPlanOptions extends PlanLimits {
  /** Worth of each tap channel by layer name, for instance |β|: what limits give back first. Larger is better. Default: that of `rankings`. */
  readonly scores?: ReadonlyMap<string, ArrayLike<number>>;
  /** How a class with several taps is decided. Default `union`. */
  readonly decide?: Decision;
  /** What each layer loses with fewer channels; with `epsilon`, layers may be rounded down where that stays within it. */
  readonly rankings?: Rankings;
  /** The relative loss that the taps chose at: for all, or for one layer. */
  readonly epsilon?: number;
  readonly layerEpsilon?: Readonly<Record<string, number>>;
}

/**
 * The plan that keeps what the taps chose. `keep` holds the chosen tap channels by layer name; a class without a tap in `keep` stays.
 * Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_FILTER, PLAN_BAD_LIMIT, PLAN_BAD_RANKING.
 */
export function planFromTaps(
  analysis: ChannelAnalysis,
  keep: ReadonlyMap<string, readonly number[]>,
  { scores, decide = 'union', rankings, epsilon, layerEpsilon, ...limits }: TapPlanOptions = {},
): Plan {
  const choices = [...keep].map(([layer, channels]): TapChoice => {
    const tap = requireTap(analysis, layer);
    const bad = channels.find((channel) => tap.classes[channel] === undefined);
    if (bad !== undefined) {
      throw new Failure('PLAN_BAD_FILTER', `channel ${bad} was chosen of ${tap.channels}`, {
        where: layer,
        fix: `give indices from 0 to ${tap.channels - 1}`,
      });
    }
    const worth = scores?.get(layer) ?? rankings?.get(layer)?.worth;
    return { tap, chosen: new Set(channels), ...(worth ? { worth } : {}) };
  });
  const { remove, worth } = decideClasses(choices, analysis.classes.length, decide);
  const limit = (layer: string) => layerEpsilon?.[layer] ?? epsilon ?? 0;
  const tolerance = rankings && (epsilon !== undefined || layerEpsilon) ? { rankings, epsilon: limit } : undefined;
  return makePlan(analysis, remove, { ...limits, worth, ...(tolerance ? { tolerance } : {}) });
}
