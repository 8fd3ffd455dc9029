import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Holder } from './limits.ts';

/**
 * Takes classes out of `removed` until every holder keeps enough channels, in multiples where asked, and no value of the graph is
 * left without a channel. The class of highest worth comes back first (without worth, the lowest id). Keeping more never breaks
 * what already holds, except a multiple: so it is repeated until it rests.
 */
export function giveBack(
  analysis: ChannelAnalysis,
  removed: Set<number>,
  holders: readonly Holder[],
  worth?: ArrayLike<number>,
): void {
  const byWorth = (a: number, b: number) => (worth ? worth[b]! - worth[a]! : 0) || a - b;
  let changed = true;
  while (changed) {
    changed = false;
    for (const holder of holders) {
      const missing = [...new Set(holder.classes.filter((id) => removed.has(id)))].sort(byWorth);
      for (const id of missing) {
        if (keptOf(holder, removed) >= wanted(holder, removed)) break;
        removed.delete(id);
        changed = true;
      }
    }
    for (const { labels } of analysis.trace.values.values()) {
      const ids = new Set<number>();
      const emptied = labels.data.every((label) => {
        const id = analysis.classOf(label);
        if (id !== undefined) ids.add(id);
        return id !== undefined && removed.has(id);
      });
      const [best] = emptied ? [...ids].sort(byWorth) : [];
      if (best === undefined) continue;
      removed.delete(best);
      changed = true;
    }
  }
}

/** How many channels a holder keeps. */
export function keptOf({ classes }: Holder, removed: ReadonlySet<number>): number {
  let kept = 0;
  for (const id of classes) if (!removed.has(id)) kept++;
  return kept;
}

function wanted(holder: Holder, removed: ReadonlySet<number>): number {
  const { classes, least, multiple } = holder;
  return Math.min(classes.length, Math.max(Math.ceil(keptOf(holder, removed) / multiple) * multiple, least));
}
