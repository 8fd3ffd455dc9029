import type { Tap } from '../analysis/taps.ts';

/**
 * How a class that several taps read is decided. `union`: it stays when any of them chose it. `vote`: when at least half of them did.
 * `mean`: among the classes that the same taps read, as many stay as these chose on average, those of greatest mean worth.
 */
export type Decision = 'union' | 'vote' | 'mean';

/** What one tap says of its channels. */
export interface TapChoice {
  readonly tap: Tap;
  /** Channels that it keeps. */
  readonly chosen: ReadonlySet<number>;
  /** Worth of each channel; where absent, 1 for a chosen one and 0 for another. */
  readonly worth?: ArrayLike<number>;
}

/** Classes that taps decided: what goes, and what each is worth. */
export interface Decided {
  readonly remove: readonly number[];
  /** By class id, from 0 to 1; 0 for a class that no tap reads. */
  readonly worth: Float64Array;
}

/** Decides every class that a tap reads. `classes` is how many classes there are. */
export function decideClasses(choices: readonly TapChoice[], classes: number, decision: Decision): Decided {
  const chosenBy = new Map<number, Map<number, boolean>>();
  choices.forEach(({ tap, chosen }, i) => {
    tap.classes.forEach((id, channel) => {
      if (id < 0) return;
      const votes = chosenBy.get(id) ?? new Map<number, boolean>();
      chosenBy.set(id, votes);
      // A tap that reads a class in several channels chose it when it chose one of them.
      votes.set(i, (votes.get(i) ?? false) || chosen.has(channel));
    });
  });
  const worth = classWorth(
    choices.map(({ tap, chosen, worth: own }) => ({
      tap,
      worth: own ?? tap.classes.map((_, channel) => (chosen.has(channel) ? 1 : 0)),
    })),
    classes,
    decision,
  );
  if (decision === 'mean') return { remove: leastByMean(chosenBy, worth), worth };
  const remove = [...chosenBy].flatMap(([id, votes]) => {
    const ayes = [...votes.values()].filter(Boolean).length;
    const stays = decision === 'union' ? ayes > 0 : 2 * ayes >= votes.size;
    return stays ? [] : [id];
  });
  return { remove, worth };
}

/**
 * The worth of each class from what its taps say, each divided by the largest in its tap: the greatest (union), the mean, or the
 * largest that at least half of the taps reach (vote), so that a threshold on it decides as the taps would.
 */
export function classWorth(
  readings: readonly { readonly tap: Tap; readonly worth: ArrayLike<number> }[],
  classes: number,
  decision: Decision,
): Float64Array {
  const said = new Map<number, number[]>();
  for (const { tap, worth } of readings) {
    const own = new Map<number, number>();
    let largest = 0;
    tap.classes.forEach((id, channel) => {
      const value = worth[channel] ?? 0;
      largest = Math.max(largest, value);
      if (id >= 0) own.set(id, Math.max(own.get(id) ?? 0, value));
    });
    for (const [id, value] of own) said.set(id, [...(said.get(id) ?? []), largest > 0 ? value / largest : 0]);
  }
  const result = new Float64Array(classes);
  for (const [id, values] of said) result[id] = combined(values, decision);
  return result;
}

/** One number from those of several taps; see `classWorth`. */
function combined(values: readonly number[], decision: Decision): number {
  if (decision === 'union') return Math.max(...values);
  if (decision === 'mean') return values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.toSorted((a, b) => b - a)[Math.ceil(values.length / 2) - 1]!;
}

function leastByMean(chosenBy: ReadonlyMap<number, ReadonlyMap<number, boolean>>, worth: Float64Array): number[] {
  const together = new Map<string, number[]>();
  for (const [id, votes] of chosenBy) {
    const key = [...votes.keys()].join(' ');
    together.set(key, [...(together.get(key) ?? []), id]);
  }
  return [...together.values()].flatMap((ids) => {
    const taps = chosenBy.get(ids[0]!)!.size;
    const ayes = ids.reduce((sum, id) => sum + [...chosenBy.get(id)!.values()].filter(Boolean).length, 0);
    const stay = Math.round(ayes / taps);
    return ids.sort((a, b) => worth[b]! - worth[a]! || a - b).slice(stay);
  });
}
