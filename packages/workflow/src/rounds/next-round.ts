import { NEXT_SHARE } from './round-shares.ts';

/** A network that was cut, trained and judged. */
export interface Trial {
  /** Share of the whole network's cost that it has left. */
  readonly share: number;
  /** Whether it keeps what shall be kept. */
  readonly keeps: boolean;
  /** How much of the whole network's metric it keeps; see `keptShare`. */
  readonly kept: number;
}

/** What a search does next: cut once more, from the whole network (null) or from the network of a trial; or end with a trial. */
export type NextRound =
  | { readonly done: false; readonly from: number | null; readonly share: number }
  | { readonly done: true; /** Index of the trial that is delivered. */ readonly best: number };

/** What the first network that is tried has left: where it fails, the search comes back between it and the whole. */
const FIRST_TRY = 0.2;
/** The search ends once the smallest network that keeps the goal is known within this ratio. */
const CLOSE = 0.75;
/** No network is tried below this share of the cost. */
const LEAST_SHARE = 0.002;

/**
 * The search for the smallest network that keeps a goal: down in rounds from the last network that kept it, each at most halving what is
 * left, until one does not; then between the two on a logarithmic scale. Follows from the trials alone, so that it can be resumed.
 * @param floor share of the cost that is small enough: nothing below it is tried
 */
export function nextRound(trials: readonly Trial[], floor = LEAST_SHARE): NextRound {
  const least = Math.max(floor, LEAST_SHARE);
  const smallest = smallestKeeping(trials);
  const from = smallest ?? null;
  const reached = smallest === undefined ? 1 : trials[smallest]!.share;
  const failed = Math.max(
    0,
    ...trials.filter(({ keeps, share }) => !keeps && share < reached).map(({ share }) => share),
  );
  if (failed > 0) {
    if (failed / reached >= CLOSE) return end(trials);
    return { done: false, from, share: Math.max(least, Math.sqrt(failed * reached)) };
  }
  if (reached <= least * (1 + ROUNDING)) return end(trials);
  return { done: false, from, share: Math.max(least, smallest === undefined ? FIRST_TRY : reached * NEXT_SHARE) };
}

/** The trial that a search ends with when no more is tried: the smallest that keeps the goal, else the one that keeps most. */
export function bestTrial(trials: readonly Trial[]): number {
  const smallest = smallestKeeping(trials);
  if (smallest !== undefined) return smallest;
  return [...trials.keys()].reduce((best, i) => (trials[i]!.kept > trials[best]!.kept ? i : best), 0);
}

function end(trials: readonly Trial[]): NextRound {
  return { done: true, best: bestTrial(trials) };
}

function smallestKeeping(trials: readonly Trial[]): number | undefined {
  const keeping = [...trials.keys()].filter((i) => trials[i]!.keeps);
  if (keeping.length === 0) return undefined;
  return keeping.reduce((best, i) => (trials[i]!.share < trials[best]!.share ? i : best));
}

const ROUNDING = 1e-9;
