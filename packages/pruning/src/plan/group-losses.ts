import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Tap } from '../analysis/taps.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import type { Decision } from './decide.ts';
import { classWorth } from './decide.ts';
import type { LayerRanking, Rankings } from './ranking.ts';
import { groupsByWorth } from './rank-groups.ts';
import { rankedTaps } from './ranking.ts';

/**
 * The worth of each class from what its taps say, NaN for one that none reads. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_RANKING.
 */
export function worthByTaps(analysis: ChannelAnalysis, rankings: Rankings, decide: Decision = 'union'): Float64Array {
  const ranked = rankedTaps(analysis, rankings);
  const worth = classWorth(
    ranked.map(({ tap, ranking }) => ({ tap, worth: ranking.worth })),
    analysis.classes.length,
    decide,
  );
  const read = new Set(ranked.flatMap(({ tap }) => tap.classes));
  return worth.map((value, id) => (read.has(id) ? value : NaN));
}

/**
 * What the taps say that a group loses with the first k of its classes, the other groups whole: the most that any of them loses (union), or their mean. It
 * stands for the damage where nothing was measured. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_RANKING.
 */
export function lossesOfTaps(
  analysis: ChannelAnalysis,
  rankings: Rankings,
  decide: Decision = 'union',
): (classes: readonly number[]) => RankedGroup | undefined {
  const ranked = rankedTaps(analysis, rankings).map(({ tap, ranking }) => ({ ranking, counts: classCounts(tap), tap }));
  return (classes) => {
    const own = ranked.filter(({ counts }) => classes.some((id) => counts.has(id)));
    if (own.length === 0) return undefined;
    const damage = new Float64Array(classes.length + 1);
    for (const { tap, ranking, counts } of own) {
      const losses = lossesOf(ranking, tap, counts, classes);
      losses.forEach((loss, k) => {
        damage[k] = decide === 'union' ? Math.max(damage[k]!, loss) : damage[k]! + loss / own.length;
      });
    }
    return { classes, damage };
  };
}

/** The groups in the order that the taps give, with what these say that they lose. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_RANKING. */
export function groupsByTaps(analysis: ChannelAnalysis, rankings: Rankings, decide: Decision = 'union'): RankedGroup[] {
  return groupsByWorth(analysis, worthByTaps(analysis, rankings, decide), lossesOfTaps(analysis, rankings, decide));
}

function classCounts({ classes }: Tap): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const id of classes) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function lossesOf(
  { loss }: LayerRanking,
  { channels }: Tap,
  counts: ReadonlyMap<number, number>,
  classes: readonly number[],
): number[] {
  const owned = classes.reduce((sum, id) => sum + (counts.get(id) ?? 0), 0);
  let left = channels - owned;
  return [loss[left]!, ...classes.map((id) => loss[(left += counts.get(id) ?? 0)]!)];
}
