import type { KeepGoal } from '../rounds/keep-goal.ts';
import { criterionOf, defaultCriterion, type PruneOptions, type SizeTarget, type TargetKind } from './prune-options.ts';

type Goal = Pick<PruneOptions, 'epsilon' | 'target' | 'keep' | 'criterion' | 'avoid'>;

/** What people call the kinds of targets. */
const KINDS: Readonly<Record<TargetKind, string>> = {
  macs: 'MACs',
  parameters: 'parameters',
  bytes: 'bytes',
  latency: 'latency',
};

/** One word that tells the networks of a run apart, fit for the name of a step or file: "0.01", "macs-60pct", "latency-2ms-l1". */
export function goalLabel(goalOf: Goal): string {
  const { epsilon, target, keep } = goalOf;
  const words = [...(keep ? [keepLabel(keep)] : []), ...(target ? [targetLabel(target)] : [])];
  const goal = words.length > 0 ? words.join('-') : String(epsilon);
  return byAnother(goalOf) ? `${goal}-${criterionOf(goalOf)}` : goal;
}

/** The same for a sentence: "ε = 0.01", "MACs −60 %", "latency ≤ 2 ms, by l1". */
export function describeGoal(goalOf: Goal): string {
  const { epsilon, target, keep } = goalOf;
  const words = [...(keep ? [`keep ${describeKeep(keep)}`] : []), ...(target ? [describeTarget(target)] : [])];
  const goal = words.length > 0 ? words.join(', ') : `ε = ${epsilon}`;
  return byAnother(goalOf) ? `${goal}, by ${criterionOf(goalOf)}` : goal;
}

export function describeTarget(target: SizeTarget): string {
  const kind = KINDS[target.kind];
  if ('remove' in target) return `${kind} −${percent(target.remove)} %`;
  return `${kind} ≤ ${target.atMost}${target.kind === 'latency' ? ' ms' : ''}`;
}

/** "99 % of the whole network", "the whole network within 0.5". */
export function describeKeep(goal: KeepGoal): string {
  return 'share' in goal ? `${percent(goal.share)} % of the whole network` : `the whole network within ${goal.within}`;
}

function keepLabel(goal: KeepGoal): string {
  return 'share' in goal ? `keep-${percent(goal.share)}pct` : `within-${goal.within}`;
}

function targetLabel(target: SizeTarget): string {
  if ('remove' in target) return `${target.kind}-${percent(target.remove)}pct`;
  return `${target.kind}-${target.atMost}${target.kind === 'latency' ? 'ms' : ''}`;
}

/** Whether another criterion than the goal's own is asked for. */
function byAnother(goal: Goal): boolean {
  return criterionOf(goal) !== defaultCriterion(goal);
}

/** A share in percent, without the tail that binary fractions leave. */
function percent(share: number): string {
  return String(Number((100 * share).toPrecision(10)));
}
