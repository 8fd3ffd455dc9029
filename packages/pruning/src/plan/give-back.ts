import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { PlanLimits } from './plan.ts';

/**
 * Takes classes out of `removed` until every layer keeps enough filters, in multiples where asked, and no value of the graph is
 * left without a channel. The class of highest worth comes back first. Keeping more never breaks what already holds, so one
 * pass over layers and values is enough, except for rounding, which is repeated until it rests.
 */
export function giveBack(
  analysis: ChannelAnalysis,
  removed: Set<number>,
  { minFilters = 1, roundTo = 1 }: PlanLimits,
  worth?: ArrayLike<number>,
): void {
  const value = (id: number) => worth?.[id] ?? -id;
  const best = (ids: Iterable<number>) =>
    [...ids].reduce<number | undefined>(
      (top, id) => (top === undefined || value(id) > value(top) ? id : top),
      undefined,
    );
  let changed = true;
  const restore = (id: number) => {
    removed.delete(id);
    changed = true;
  };
  while (changed) {
    changed = false;
    for (const { classes } of analysis.layers) {
      for (;;) {
        const kept = classes.filter((id) => !removed.has(id)).length;
        const wanted = Math.min(classes.length, Math.max(Math.ceil(kept / roundTo) * roundTo, minFilters));
        const candidate = kept < wanted ? best(new Set(classes.filter((id) => removed.has(id)))) : undefined;
        if (candidate === undefined) break;
        restore(candidate);
      }
    }
    for (const { labels } of analysis.trace.values.values()) {
      const ids = new Set<number>();
      const emptied = labels.data.every((label) => {
        const id = analysis.classOf(label);
        if (id !== undefined) ids.add(id);
        return id !== undefined && removed.has(id);
      });
      const candidate = emptied ? best(ids) : undefined;
      if (candidate !== undefined) restore(candidate);
    }
  }
}
