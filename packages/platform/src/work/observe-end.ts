import { runDuration } from '../metrics/metrics.ts';

/** Notes how long a run took that has just ended; to be called after the commit, by whoever ended it. */
export function observeEnd(
  { kind, state, createdAt }: { kind: string; state: string; createdAt: Date },
  endedAt: Date,
): void {
  runDuration.observe({ kind, state }, Math.max(0, endedAt.getTime() - createdAt.getTime()) / 1000);
}
