import { Failure } from '@kneepoint/failures';
import { classScores } from '../criteria/class-scores.ts';
import type { Criterion, CriterionInput } from '../criteria/criterion.ts';
import { criteria } from '../criteria/index.ts';

/**
 * The worth of each class by a criterion (`l1`, `l2`, `bnScale`, `activation`, `taylor`, `random`); NaN for one that it says nothing of. Throws
 * PLAN_UNKNOWN_CRITERION, PLAN_NEEDS_WEIGHTS, PLAN_NEEDS_NORMALISATION, PLAN_NEEDS_MEASUREMENTS, PLAN_BAD_RANKING.
 */
export function worthByCriterion(name: string, input: CriterionInput): Float64Array {
  return classScores(input.analysis, requireCriterion(name)(input));
}

function requireCriterion(name: string): Criterion {
  const criterion = Object.hasOwn(criteria, name) ? criteria[name] : undefined;
  if (criterion) return criterion;
  throw new Failure('PLAN_UNKNOWN_CRITERION', `there is no criterion named ${name}`, {
    where: name,
    fix: `use one of ${Object.keys(criteria).join(', ')}`,
  });
}
