import type { Site } from '../trace/site.ts';

/** A class of channels, by how many it has in each group. */
interface Item {
  readonly label: number;
  readonly counts: Int32Array;
  readonly total: number;
}

/**
 * Ties channels so that whatever lives, every group has equally many: into bundles that have the same number in each group, as small as can
 * be had in one pass. Channels that are tied across groups already (by the convolution in front of a shuffle) may be such a bundle by
 * themselves. Those of one group meet by rank: what stays for ever first, then by importance, then by position. Whatever lies across some of
 * the groups is completed by the largest that fits into what is missing.
 * @param labels a label per channel, the groups one after the other
 */
export function tieGroups(site: Site, labels: Int32Array, groups: number): void {
  const open: Item[] = [];
  const within = new Map<number, Item[][]>();
  for (const item of itemsOf(site, labels, groups)) {
    if (isEven(item.counts)) continue;
    const group = item.counts.findIndex((count) => count === item.total);
    if (group < 0) open.push(item);
    else {
      const ranks = within.get(item.total) ?? Array.from({ length: groups }, () => []);
      within.set(item.total, ranks);
      ranks[group]!.push(item);
    }
  }
  for (const ranks of within.values()) {
    const full = Math.min(...ranks.map(({ length }) => length));
    for (let rank = 0; rank < full; rank++)
      unite(
        site,
        ranks.map((items) => items[rank]!),
      );
    open.push(...ranks.flatMap((items) => items.slice(full)));
  }
  for (const bundle of bundles(open)) unite(site, bundle);
}

/** The classes among the labels, in the order in which they are to meet. */
function itemsOf(site: Site, labels: Int32Array, groups: number): Item[] {
  const size = labels.length / groups;
  const found = new Map<number, { label: number; counts: Int32Array; total: number; importance: number }>();
  labels.forEach((label, position) => {
    const root = site.labels.find(label);
    const item = found.get(root) ?? { label, counts: new Int32Array(groups), total: 0, importance: -Infinity };
    found.set(root, item);
    item.counts[Math.floor(position / size)]!++;
    item.total++;
    item.importance = Math.max(item.importance, site.importance(label));
  });
  const stays = ({ label }: Item): number => Number(site.labels.reason(label) !== undefined);
  return [...found.values()].sort((a, b) => stays(b) - stays(a) || b.importance - a.importance);
}

/** Items put together until each bundle has the same number in every group; all of them together have. */
function bundles(items: readonly Item[]): Item[][] {
  const left = new Set([...items].sort((a, b) => b.total - a.total));
  const found: Item[][] = [];
  for (const first of left) {
    const bundle: Item[] = [];
    const sum = new Int32Array(first.counts.length);
    for (let next: Item | undefined = first; next; next = isEven(sum) ? undefined : nextFor(left, sum)) {
      left.delete(next);
      bundle.push(next);
      next.counts.forEach((count, group) => (sum[group]! += count));
    }
    found.push(bundle);
  }
  return found;
}

/** The largest that fits into what the groups lack beside the fullest, else the largest. */
function nextFor(left: ReadonlySet<Item>, sum: Int32Array): Item | undefined {
  const most = sum.reduce((a, b) => Math.max(a, b), 0);
  let largest: Item | undefined;
  for (const item of left) {
    largest ??= item;
    if (item.counts.every((count, group) => sum[group]! + count <= most)) return item;
  }
  return largest;
}

function isEven(counts: Int32Array): boolean {
  return counts.every((count) => count === counts[0]);
}

function unite({ labels }: Site, [first, ...others]: readonly Item[]): void {
  for (const { label } of others) labels.union(first!.label, label);
}
