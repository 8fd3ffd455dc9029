import { Failure } from '@kneepoint/failures';
import type { Tap } from '../analysis/taps.ts';
import { classScores } from '../criteria/class-scores.ts';
import type { ChannelScores, Criterion, CriterionInput } from '../criteria/criterion.ts';
import { criteria } from '../criteria/index.ts';
import type { LayerRanking, Rankings } from './ranking.ts';
import { rankByScore } from './ranking.ts';

/**
 * Every tap's channels ranked by a criterion (`l1`, `l2`, `bnScale`, `activation`, `taylor`, `random`): worth is the layer's own score, and
 * that of the class where a tap has no filters of its own, as after a residual sum. A tap that the criterion says nothing of is left
 * out. Throws PLAN_UNKNOWN_CRITERION, PLAN_NEEDS_WEIGHTS, PLAN_NEEDS_NORMALISATION, PLAN_NEEDS_MEASUREMENTS, PLAN_BAD_RANKING.
 */
export function rankByCriterion(name: string, input: CriterionInput): Rankings {
  const said = requireCriterion(name)(input);
  const byLayer = new Map(said.map((scores) => [scores.layer, scores]));
  const shared = classScores(input.analysis, said);
  return new Map(
    input.analysis.taps.flatMap((tap): [string, LayerRanking][] => {
      const own = byLayer.get(tap.layer);
      const worth = own ? perChannel(tap, own) : tap.classes.map((id) => (id < 0 ? 0 : shared[id]!));
      return worth.some(Number.isNaN) ? [] : [[tap.layer, rankByScore(worth)]];
    }),
  );
}

/** The criterion of a name. Throws PLAN_UNKNOWN_CRITERION. */
export function requireCriterion(name: string): Criterion {
  const criterion = Object.hasOwn(criteria, name) ? criteria[name] : undefined;
  if (criterion) return criterion;
  throw new Failure('PLAN_UNKNOWN_CRITERION', `there is no criterion named ${name}`, {
    where: name,
    fix: `use one of ${Object.keys(criteria).join(', ')}`,
  });
}

/** A tap channel scores the mean of the layer's channels that share its class, as the two filters of a max-feature-map do. */
function perChannel({ classes }: Tap, { classes: ids, scores }: ChannelScores): number[] {
  const sums = new Map<number, { sum: number; count: number }>();
  ids.forEach((id, channel) => {
    const { sum, count } = sums.get(id) ?? { sum: 0, count: 0 };
    sums.set(id, { sum: sum + scores[channel]!, count: count + 1 });
  });
  return classes.map((id) => {
    const own = sums.get(id);
    return own ? own.sum / own.count : 0;
  });
}
