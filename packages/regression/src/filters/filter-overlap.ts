/** How far sets of filters of one layer are the same, each set against each: square tables in the order of the sets. */
export interface FilterOverlap {
  /** Filters that both have; the size of a set on the diagonal. */
  readonly shared: readonly (readonly number[])[];
  /** Shared filters as a share of those that either has (Jaccard 1912), 0 to 1; null where neither has any. */
  readonly jaccard: readonly (readonly (number | null)[])[];
  /** How many would be shared if either set were drawn at random: a · b / filters, the mean of the hypergeometric distribution. */
  readonly byChance: readonly (readonly number[])[];
}

/**
 * Compares the filters that tasks use of one layer: those that the lasso kept at a knee (paper §5, Fig. 1).
 * @param sets indices of filters, each at most once in a set
 * @param filters of the layer
 */
export function filterOverlap(sets: readonly (readonly number[])[], filters: number): FilterOverlap {
  const members = sets.map((set) => new Set(set));
  const table = <Value>(of: (a: ReadonlySet<number>, b: ReadonlySet<number>) => Value): Value[][] =>
    members.map((a) => members.map((b) => of(a, b)));
  const both = (a: ReadonlySet<number>, b: ReadonlySet<number>): number => {
    let shared = 0;
    for (const filter of a) if (b.has(filter)) shared++;
    return shared;
  };
  return {
    shared: table(both),
    jaccard: table((a, b) => {
      const shared = both(a, b);
      const either = a.size + b.size - shared;
      return either === 0 ? null : shared / either;
    }),
    byChance: table((a, b) => (filters === 0 ? 0 : (a.size * b.size) / filters)),
  };
}
