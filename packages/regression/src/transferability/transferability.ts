import type { FamilyMember } from '../layer/family.ts';
import { centre, scalingOf, selectTargets } from '../statistics/centre.ts';
import type { Moments } from '../statistics/moments.ts';
import { explainedShare, hScore } from './h-score.ts';
import { logMe } from './log-me.ts';

/** Scores that foresee how well a network transfers, from the statistics of training rows alone. */
export interface Transferability {
  /** Null where the layer has too many filters; see `logMe`. */
  readonly logMe: number | null;
  readonly hScore: number | null;
}

/** Of every task of a family, from the statistics of its training rows; nothing known where there are none. */
export function transferabilityOf(
  members: readonly FamilyMember[],
  train: Moments | undefined,
): readonly Transferability[] {
  if (train === undefined || train.n === 0) return members.map(() => ({ logMe: null, hScore: null }));
  const scaling = scalingOf(train);
  const centred = centre(train, scaling);
  const evidences = logMe(train, members);
  return members.map(({ task: { spec }, from, count }, i) => {
    const own = selectTargets(centred, from, count);
    const shares = scaling.targetMean.subarray(from, from + count);
    return {
      logMe: evidences[i]!,
      hScore: spec.type === 'categorical' ? hScore(own, shares) : explainedShare(own),
    };
  });
}
