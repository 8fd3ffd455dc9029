import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { classGroups } from './class-groups.ts';
import { keptOf } from './give-back.ts';
import type { Holder } from './limits.ts';
import type { Rankings } from './ranking.ts';
import { rankedTaps } from './ranking.ts';

/** How much loss a layer may suffer. */
export interface Tolerance {
  readonly rankings: Rankings;
  /** Greatest relative loss of a tap, by its layer. */
  readonly epsilon: (layer: string) => number;
}

/**
 * Rounding to the better side: brings layers down to a multiple where no tap's loss goes beyond its ε by it. Layers that are tied
 * move together, the classes of least worth going. What is left off a multiple is rounded up by `giveBack`.
 */
export function roundDown(
  analysis: ChannelAnalysis,
  removed: Set<number>,
  holders: readonly Holder[],
  worth: ArrayLike<number>,
  { rankings, epsilon }: Tolerance,
): void {
  const taps = rankedTaps(analysis, rankings);
  for (const group of classGroups(analysis)) {
    const kept = group.filter((id) => !removed.has(id)).sort((a, b) => worth[a]! - worth[b]! || b - a);
    const members = new Set(group);
    const spanned = holders.flatMap((holder) => {
      const channels = holder.classes.filter((id) => members.has(id)).length;
      return channels > 0 ? [{ ...holder, kept: keptOf(holder, removed), perClass: channels / group.length }] : [];
    });
    const fits = (gone: number) =>
      spanned.every(({ kept: now, perClass, multiple, least }) => {
        const left = now - gone * perClass;
        return left >= least && left % multiple === 0;
      });
    const gone = kept.findIndex((_, count) => fits(count));
    if (gone <= 0) continue;
    const going = new Set(kept.slice(0, gone));
    const tolerable = taps.every(({ tap, ranking }) => {
      const now = tap.classes.filter((id) => !removed.has(id)).length;
      const left = now - tap.classes.filter((id) => going.has(id)).length;
      return ranking.loss[left]! <= Math.max(epsilon(tap.layer), ranking.loss[now]!);
    });
    if (tolerable) for (const id of going) removed.add(id);
  }
}
