import { seededRandom } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { RankedGroup } from '../damage/rank-by-damage.ts';
import { groupsByWorth } from '../plan/rank-groups.ts';

/** Groups that lose fast, then slowly, each at its own pace and in its own measure: what damage by greedy choice looks like. */
export function drawnGroups(analysis: ChannelAnalysis, seed: number): RankedGroup[] {
  const random = seededRandom(seed);
  const worth = Float64Array.from(analysis.classes, () => random.uniform());
  return groupsByWorth(analysis, worth, (classes) => {
    const [pace, scale] = [1 + 6 * random.uniform(), 0.2 + random.uniform()];
    const drops = classes.map((_, i) => Math.exp((-pace * i) / classes.length) * (0.5 + random.uniform()));
    return { classes, damage: falling(drops.sort((a, b) => b - a)).map((loss) => scale * loss) };
  });
}

/** From 1 to 0 by steps in proportion to these. */
export function falling(drops: readonly number[]): Float64Array {
  const total = drops.reduce((sum, drop) => sum + drop, 0) || 1;
  const loss = new Float64Array(drops.length + 1);
  for (let k = drops.length - 1; k >= 0; k--) loss[k] = loss[k + 1]! + drops[k]! / total;
  return loss.map((value) => Math.min(1, value));
}
