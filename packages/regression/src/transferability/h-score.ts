import { ridgeScaled } from '../solve/ridge.ts';
import type { CentredMoments } from '../statistics/centre.ts';

/**
 * H-score (Bao et al. 2019) of classes: tr(Σ⁻¹ Σ_B), Σ being the covariance of the responses and Σ_B that of their means by class; 0 where they say nothing, at most
 * classes − 1. With one-hot labels Σ_B = Σ_c σ_c σ_cᵀ / p_c, σ_c being the covariance of responses and label c, p_c the share of class c.
 * Responses that depend on each other count once.
 * @param shares of the classes, in the order of the targets
 */
export function hScore(centred: CentredMoments, shares: ArrayLike<number>): number {
  const explained = explainedBy(centred);
  return explained.reduce((sum, value, t) => sum + (shares[t]! > 0 ? value / shares[t]! : 0), 0);
}

/**
 * The same of values, labels and two classes: the squared multiple correlation of each target with the responses, meant over targets. For two classes it is the
 * H-score. 0 to 1.
 */
export function explainedShare(centred: CentredMoments): number {
  const explained = explainedBy(centred);
  const shares = explained.map((value, t) => {
    const variance = centred.squares[t] as number;
    return variance > 0 ? value / variance : 0;
  });
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

/** σᵀ Σ⁻¹ σ for each target. */
function explainedBy(centred: CentredMoments): number[] {
  const { filters, targets, cross } = centred;
  const { weights } = ridgeScaled(centred, 0);
  return Array.from({ length: targets }, (_, t) => {
    let sum = 0;
    for (let at = t * filters; at < (t + 1) * filters; at++) sum += (cross[at] as number) * (weights[at] as number);
    return sum;
  });
}
