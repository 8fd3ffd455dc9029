import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { damageOfOrder, rankByDamage, type RankedGroup } from '../damage/rank-by-damage.ts';
import type { DamageStatistics } from '../damage/statistics.ts';
import { classGroups } from './class-groups.ts';

/** The groups of classes that may go, each in the order of least damage. A group of which nothing was measured is left out, and stays whole. */
export function groupsByDamage(analysis: ChannelAnalysis, statistics: DamageStatistics): readonly RankedGroup[] {
  const known = byDamage.get(statistics);
  if (known) return known;
  requireMeasured(statistics);
  const groups = classGroups(analysis).flatMap((classes) => rankByDamage(statistics, classes) ?? []);
  byDamage.set(statistics, groups);
  return groups;
}

/** One set of statistics is of one network, which a search for a latency plans several times. */
const byDamage = new WeakMap<DamageStatistics, readonly RankedGroup[]>();

/**
 * The groups in the order of a worth by class, greatest first, with the damage of keeping the first of that order. Classes whose worth is NaN are left
 * out, and stay. `last`: classes that come after all others.
 * @param damageOf the damage of keeping the first k of an order, or the statistics to compute it from
 */
export function groupsByWorth(
  analysis: ChannelAnalysis,
  worth: ArrayLike<number>,
  damageOf: DamageStatistics | ((classes: readonly number[]) => RankedGroup | undefined),
  last: ReadonlySet<number> = new Set(),
): RankedGroup[] {
  if (typeof damageOf !== 'function') requireMeasured(damageOf);
  const ranked = typeof damageOf === 'function' ? damageOf : (ids: readonly number[]) => damageOfOrder(damageOf, ids);
  return classGroups(analysis).flatMap((group) => {
    const ids = group
      .filter((id) => !Number.isNaN(worth[id]))
      .sort((a, b) => Number(last.has(a)) - Number(last.has(b)) || worth[b]! - worth[a]! || a - b);
    return ids.length === 0 ? [] : (ranked(ids) ?? []);
  });
}

function requireMeasured({ parts }: DamageStatistics): void {
  const bad = parts.find(({ covariance, metric }) => ![...ends(covariance), ...ends(metric)].every(Number.isFinite));
  if (!bad) return;
  throw new Failure('PLAN_BAD_RANKING', 'a network gave numbers that are not finite', {
    fix: 'run the network on these images and look for overflow',
  });
}

/** A matrix with a number that is not finite has one in its trace as well, being a sum of squares. */
function* ends(matrix: Float64Array): Generator<number> {
  const size = Math.round(Math.sqrt(matrix.length));
  for (let i = 0; i < size; i++) yield matrix[i * size + i]!;
}
