import type { ReportTarget } from '../report-measured.ts';
import type { SizeTarget } from './prune-options.ts';

/** A target of latency in milliseconds, where the whole network takes `whole`. */
export function latencyBound(target: SizeTarget, whole: number): number {
  return 'remove' in target ? (1 - target.remove) * whole : target.atMost;
}

/**
 * A target of latency beside what was measured last, with both networks in one run: `whole` and `left` milliseconds. Of a share, what
 * the search (or an earlier report) had found is told as the same share of the whole network's time now: a machine is not always as fast.
 */
export function latencyFigures(
  target: SizeTarget,
  {
    timed,
    whole,
    left,
  }: {
    readonly timed: { readonly before: number; readonly after: number };
    readonly whole: number;
    readonly left: number;
  },
): Omit<ReportTarget, 'target'> {
  const planned = 'remove' in target ? (timed.after / timed.before) * whole : timed.after;
  return { atMost: latencyBound(target, whole), before: whole, planned, reached: left };
}
