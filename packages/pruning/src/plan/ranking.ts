import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Tap } from '../analysis/taps.ts';

/** How one tap's channels are given up. */
export interface LayerRanking {
  /** Worth of each tap channel, from 0; larger stays longer. Its scale is the layer's own. */
  readonly worth: ArrayLike<number>;
  /** What the layer loses when k channels are kept, k = 0 … channels: 1 at most, 0 with all kept, never rising with k. */
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
