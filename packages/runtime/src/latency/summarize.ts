/** How long a run takes, ms. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly mean: number;
}

/** The same, with what a run takes when next to nothing comes between, which on a busy machine says most of the network itself. */
export interface Timing extends Latency {
  readonly p10: number;
}

/** Percentiles by nearest rank, and the mean, of at least one time. */
export function summarize(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    p10: rank(0.1),
    p50: rank(0.5),
    p95: rank(0.95),
    mean: sorted.reduce((sum, time) => sum + time, 0) / Math.max(1, sorted.length),
  };
}
