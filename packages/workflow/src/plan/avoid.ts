import type { CharacteristicCurve } from '@kneepoint/regression';
import { joiningWorth } from './joining-worth.ts';

export interface AvoidRequest {
  /** What the wanted tasks keep of one layer. */
  readonly kept: readonly number[];
  /** The layer's curves of the wanted tasks, and of those that the network shall not carry. */
  readonly wanted: readonly CharacteristicCurve[];
  readonly avoided: readonly CharacteristicCurve[];
  readonly strength: number;
  readonly minFilters: number;
}

/**
 * What is left of a layer when filters that carry an unwanted task go. A kept filter goes when its worth for an avoided task (see
 * `joiningWorth`; the largest over avoided tasks) times the strength exceeds its worth for the wanted one (the largest over wanted
 * tasks). Those with the largest excess go first, and never so many that fewer than `minFilters` stay. Ascending.
 */
export function withoutAvoided({ kept, wanted, avoided, strength, minFilters }: AvoidRequest): readonly number[] {
  const [own, other] = [wanted, avoided].map((curves) => curves.map(joiningWorth)) as [Float64Array[], Float64Array[]];
  const largest = (worths: readonly Float64Array[], filter: number): number =>
    Math.max(0, ...worths.map((worth) => worth[filter]!));
  const excess = new Map(kept.map((filter) => [filter, strength * largest(other, filter) - largest(own, filter)]));
  const room = Math.max(0, kept.length - minFilters);
  const gone = kept
    .filter((filter) => excess.get(filter)! > 0)
    .sort((a, b) => excess.get(b)! - excess.get(a)! || b - a)
    .slice(0, room);
  return kept.filter((filter) => !gone.includes(filter));
}
