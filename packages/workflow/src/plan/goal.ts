import type { CriterionName, PruneOptions, SizeTarget, TargetKind } from './prune-options.ts';

type Goal = Pick<PruneOptions, 'epsilon' | 'target' | 'criterion'>;

/** What people call the kinds of targets. */
const KINDS: Readonly<Record<TargetKind, string>> = {
  macs: 'MACs',
  parameters: 'parameters',
  bytes: 'bytes',
  latency: 'latency',
};

/** One word that tells the networks of a run apart, fit for the name of a step or file: "0.01", "macs-60pct", "latency-2ms-l1". */
export function goalLabel({ epsilon, target, criterion }: Goal): string {
  const goal = target ? targetLabel(target) : String(epsilon);
  return isBaseline(criterion) ? `${goal}-${criterion}` : goal;
}

/** The same for a sentence: "ε = 0.01", "MACs −60 %", "latency ≤ 2 ms, by l1". */
export function describeGoal({ epsilon, target, criterion }: Goal): string {
  const goal = target ? describeTarget(target) : `ε = ${epsilon}`;
  return isBaseline(criterion) ? `${goal}, by ${criterion}` : goal;
}

export function describeTarget(target: SizeTarget): string {
  const kind = KINDS[target.kind];
  if ('remove' in target) return `${kind} −${percent(target.remove)} %`;
  return `${kind} ≤ ${target.atMost}${target.kind === 'latency' ? ' ms' : ''}`;
}

function targetLabel(target: SizeTarget): string {
  if ('remove' in target) return `${target.kind}-${percent(target.remove)}pct`;
  return `${target.kind}-${target.atMost}${target.kind === 'latency' ? 'ms' : ''}`;
}

function isBaseline(criterion: CriterionName | undefined): criterion is CriterionName {
  return criterion !== undefined && criterion !== 'lasso';
}

/** A share in percent, without the tail that binary fractions leave. */
function percent(share: number): string {
  return String(Number((100 * share).toPrecision(10)));
}
