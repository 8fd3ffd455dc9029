import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Tap } from '../analysis/taps.ts';

/** How one tap's channels are given up. */
export interface LayerRanking {
  /** Worth of each tap channel, from 0; larger stays longer. Its scale is the layer's own. */
  readonly worth: ArrayLike<number>;
  /**
   * Relative loss when k channels are kept, k = 0 … channels: 1 at most, 0 with all kept, never rising with k. From a curve, RMSE
   * above its minimum as a share of its span; from a criterion, the share of the layer's total score that goes.
   */
  readonly loss: ArrayLike<number>;
}

/** By the tap's `layer`. */
export type Rankings = ReadonlyMap<string, LayerRanking>;

/** The tap of a layer. Throws PLAN_UNKNOWN_LAYER. */
export function requireTap(analysis: ChannelAnalysis, layer: string): Tap {
  const tap = analysis.taps.find((candidate) => candidate.layer === layer);
  if (tap) return tap;
  throw new Failure('PLAN_UNKNOWN_LAYER', `the network has no tap on a layer named ${layer}`, {
    where: layer,
    fix: `use one of ${analysis.taps.map((candidate) => candidate.layer).join(', ')}`,
  });
}

/** Rankings with their taps, in graph order. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_RANKING. */
export function rankedTaps(
  analysis: ChannelAnalysis,
  rankings: Rankings,
): { readonly tap: Tap; readonly ranking: LayerRanking }[] {
  const ranked = [...rankings].map(([layer, ranking]) => {
    const tap = requireTap(analysis, layer);
    check(tap, ranking);
    return { tap, ranking };
  });
  return ranked.sort((a, b) => a.tap.order - b.tap.order);
}

/** The ranking that a score per channel gives: the loss of keeping k is the share of the total score that the others held. */
export function rankByScore(scores: ArrayLike<number>): LayerRanking {
  const worth = Float64Array.from(scores);
  const falling = worth.toSorted().reverse();
  const total = falling.reduce((sum, score) => sum + score, 0);
  const loss = new Float64Array(worth.length + 1);
  let held = 0;
  for (let k = 0; k < worth.length; k++) {
    // Where no channel scores at all, each counts the same.
    loss[k] = Math.max(0, total > 0 ? 1 - held / total : 1 - k / worth.length);
    held += falling[k]!;
  }
  return { worth, loss };
}

function check({ layer, channels }: Tap, { worth, loss }: LayerRanking): void {
  const refuse = (message: string) => {
    throw new Failure('PLAN_BAD_RANKING', message, { where: layer, fix: 'rank the taps of this very analysis' });
  };
  if (worth.length !== channels || loss.length !== channels + 1) {
    refuse(`the ranking holds ${worth.length} worths and ${loss.length} losses for ${channels} channels`);
  }
  for (let channel = 0; channel < channels; channel++) {
    if (!(worth[channel]! >= 0 && worth[channel]! < Infinity)) refuse(`channel ${channel} is worth ${worth[channel]}`);
  }
  for (let k = 0; k <= channels; k++) {
    if (!(loss[k]! >= 0 && loss[k]! <= (loss[k - 1] ?? 1))) {
      refuse(`the loss of keeping ${k} channels is ${loss[k]}, where that of fewer is ${loss[k - 1] ?? 'at most 1'}`);
    }
  }
}
