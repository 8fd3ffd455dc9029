import type { FinetuneOutput } from '../steps/finetune.ts';
import type { PruneOutput } from '../steps/prune.ts';
import type { PruneOptions, SizeTarget } from '../plan/prune-options.ts';
import { DEFAULT_KEEP, type KeepGoal, keeps, keptShare } from './keep-goal.ts';
import { bestTrial, nextRound, type Trial } from './next-round.ts';

/** A cut and the training after it, by content keys. */
export interface RoundKeys {
  readonly prune: string;
  readonly finetune: string;
}

/** Where a round stands among others. */
export interface Round {
  /** Content key of the training of the whole network: the first round cuts what it made, and a goal is measured against it. */
  readonly whole: string;
  /** The rounds before this one. */
  readonly earlier: readonly RoundKeys[];
  /** Where a goal is searched: share of the cost that is small enough. */
  readonly floor?: number;
  /** Where a goal is searched: nothing more is tried, the best so far is passed on. */
  readonly closing?: true;
}

/** What earlier rounds have made. */
export interface RoundHistory {
  readonly whole: FinetuneOutput;
  readonly earlier: readonly { readonly prune: PruneOutput; readonly finetune: FinetuneOutput }[];
}

/** What a round does: cut the whole network (null) or that of an earlier round, to a target; or pass on the outcome of an earlier round. */
export type RoundDecision =
  | { readonly done: false; readonly from: number | null; readonly target: SizeTarget }
  | { readonly done: true; readonly best: number };

/** Follows from options and history alone. With a goal it is the search's next step, without one the target of the round itself. */
export function decideRound(
  options: Pick<PruneOptions, 'keep' | 'target'>,
  { floor, closing }: Pick<Round, 'floor' | 'closing'>,
  history: RoundHistory,
): RoundDecision {
  const { keep, target } = options;
  const last = history.earlier.length - 1;
  if (!keep) return { done: false, from: last < 0 ? null : last, target: target! };
  const trials = trialsOf(keep, history);
  if (history.earlier.some(({ prune }) => prune.unreachable)) return { done: true, best: bestTrial(trials) };
  const next = nextRound(trials, floor);
  if (next.done) return next;
  if (closing) return { done: true, best: bestTrial(trials) };
  return { done: false, from: next.from, target: { kind: target?.kind ?? 'macs', remove: 1 - next.share } };
}

/** Earlier rounds as the search sees them. */
export function trialsOf(keep: KeepGoal = DEFAULT_KEEP, { whole, earlier }: RoundHistory): readonly Trial[] {
  return earlier.map(({ prune, finetune }) => ({
    share: shareAsked(prune),
    keeps: keeps(keep, whole.tasks, finetune.tasks),
    kept: keptShare(whole.tasks, finetune.tasks),
  }));
}

/**
 * Share of the cost that a trial was asked to leave. What is left may be less, as filters go one by one, and of a latency it is never twice the
 * same: steered by that, a search would ask for one network again and again.
 */
function shareAsked(prune: Pick<PruneOutput, 'report'>): number {
  const target = prune.report.target?.target;
  return target && 'remove' in target ? 1 - target.remove : shareLeft(prune);
}

/** Share of the cost that a target is about which a network has left. */
export function shareLeft({ report: { target, before, after } }: Pick<PruneOutput, 'report'>): number {
  if (target?.target.kind === 'latency') return target.reached / target.before;
  const kind = target?.target.kind ?? 'macs';
  return after[kind] / before[kind];
}
