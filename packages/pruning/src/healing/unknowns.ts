import type { ResolvedPlan } from '../surgery/resolve-plan.ts';
import type { Site } from './units.ts';

/** More than so many unknowns for a filter are not solved for: their Gram matrix in float64 would hold 170 MB and more. */
export const MOST_UNKNOWNS = 4608;

/** What of a filter's weights is fitted. */
export interface Unknowns {
  /** Unknowns of one filter. */
  readonly count: number;
  /**
   * The unknown that each input of a filter belongs to: a correction is the same for all inputs of one channel. Absent where every
   * input is its own.
   */
  readonly channelOf?: Int32Array;
  /** What was not fitted, in words. */
  readonly note: string | null;
}

/** As many unknowns as can be solved for: each weight; else one for each channel; else none, and the bias alone is healed. */
export function unknownsOf({ trace, removed }: ResolvedPlan, sites: readonly Site[]): Unknowns {
  const [{ layout, op, node }] = sites as [Site];
  const { channels, taps, reading } = layout;
  if (reading.kind === 'map' && !reading.window) {
    return { count: 0, note: `the padding of this ${op} is left to the runtime: its bias alone is healed` };
  }
  const weights = channels * taps;
  if (weights <= MOST_UNKNOWNS) return { count: weights, note: null };
  const labels = trace.consumptions.find((consumption) => consumption.node.name === node)?.labels;
  const kept = labels?.filter((label) => !removed(label));
  const channelOf = Int32Array.from({ length: weights }, (_, unknown) => Math.floor(unknown / taps));
  if (reading.kind === 'rows' && kept?.length === channels) {
    const seen = new Map<number, number>();
    kept.forEach((label, position) => {
      const root = trace.labels.find(label);
      if (!seen.has(root)) seen.set(root, seen.size);
      channelOf[position] = seen.get(root)!;
    });
  }
  const count = channelOf.reduce((most, channel) => Math.max(most, channel + 1), 0);
  if (count <= MOST_UNKNOWNS) {
    return { count, channelOf, note: `${weights} weights a filter are too many: one correction for each channel` };
  }
  return { count: 0, note: `${weights} weights a filter are too many: its bias alone is healed` };
}
