import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { ChannelScores } from './criterion.ts';

/**
 * One score per class: each layer's scores are divided by their mean, then averaged over the members of a class, so that a wide layer
 * does not outvote a narrow one. NaN for a class that nothing was said of.
 */
export function classScores({ classes }: ChannelAnalysis, said: readonly ChannelScores[]): Float64Array {
  const sums = new Float64Array(classes.length);
  const counts = new Float64Array(classes.length);
  for (const { classes: ids, scores } of said) {
    let total = 0;
    for (let channel = 0; channel < ids.length; channel++) total += scores[channel]!;
    const mean = total / ids.length;
    ids.forEach((id, channel) => {
      if (id < 0) return;
      sums[id]! += mean > 0 ? scores[channel]! / mean : 0;
      counts[id]! += 1;
    });
  }
  return sums.map((sum, id) => sum / counts[id]!);
}
