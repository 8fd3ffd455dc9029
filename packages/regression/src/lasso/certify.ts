import { covarianceFloor, type GramProblem } from './gram-problem.ts';
import { polish } from './polish.ts';
import { Judge, type Judgement } from './proof-kernel.ts';
import type { PathPoint } from './sample-path.ts';

/** A point within these bounds is certified. */
export const CERTIFIED_GAP = 1e-9;
export const CERTIFIED_KKT = 1e-8;

export interface Certificate {
  /** The points given, those that needed it solved again. */
  readonly points: readonly PathPoint[];
  /** Duality gap at each point divided by yy; 0 when yy is 0. */
  readonly gap: Float64Array;
  /** Largest violation of the optimality conditions at each point, divided by max |xty|. */
  readonly kkt: Float64Array;
  /** Positions of the points that were solved again. */
  readonly refined: readonly number[];
  /** Positions of the points that are over CERTIFIED_GAP or CERTIFIED_KKT even so. */
  readonly failed: readonly number[];
}

/**
 * Proves how near points are to the minimum at their λ, whatever computed them: with q = c − Gw, RSS = yy − cᵀw − wᵀq and
 * s = min(1, λ / max|q|), the duality gap is ½RSS + λ‖w‖₁ − [s(yy − cᵀw) − ½s²RSS].
 * A point over the bounds is solved again on its support (Cholesky with refinement, filters exchanged while the optimality
 * conditions ask for it). Throws as `lassoPath` does.
 */
export function certify(problem: GramProblem, points: readonly PathPoint[]): Certificate {
  const measured = measure(problem, points);
  const { gap, kkt } = measured;
  const result = [...points];
  const refined: number[] = [];
  const failed: number[] = [];
  const good = (i: number) => (gap[i] as number) <= CERTIFIED_GAP && (kkt[i] as number) <= CERTIFIED_KKT;
  points.forEach((point, i) => {
    if (good(i)) return;
    const again = polish(problem, point);
    const proof = measure(problem, [again]);
    const better = (proof.gap[0] as number) + (proof.kkt[0] as number) < (gap[i] as number) + (kkt[i] as number);
    if (better) {
      result[i] = again;
      gap[i] = proof.gap[0] as number;
      kkt[i] = proof.kkt[0] as number;
      refined.push(i);
    }
    if (!good(i)) failed.push(i);
  });
  return { points: result, gap, kkt, refined, failed };
}

/** Gap and violation of each point, from the problem and the points alone. */
function measure(problem: GramProblem, points: readonly PathPoint[]): { gap: Float64Array; kkt: Float64Array } {
  const { xty, yy } = problem;
  const gap = new Float64Array(points.length);
  const kkt = new Float64Array(points.length);
  const largest = xty.reduce((max, c) => Math.max(max, Math.abs(c)), 0);
  // Without covariance nothing can be gained: the empty solution is the minimum, whatever rounding left in xty.
  const nothing = largest <= covarianceFloor(problem);
  const judgements = new Judge(problem, points.length).judge(points);
  points.forEach(({ lambda, coefficients }, i) => {
    if (nothing && coefficients.index.length === 0) return;
    const { steepest, violation, explained, product, norm } = judgements[i] as Judgement;
    const rss = yy - explained - product;
    const s = steepest > lambda ? lambda / steepest : 1;
    const duality = 0.5 * rss + lambda * norm - (s * (yy - explained) - 0.5 * s * s * rss);
    gap[i] = yy > 0 ? Math.max(0, duality / yy) : 0;
    kkt[i] = largest > 0 ? violation / largest : 0;
  });
  return { gap, kkt };
}
