/** So far above the median, a 95th percentile of 30 runs is what else the machine did. */
const NOISY_TAIL = 1.5;

/** Whether the slowest runs of a network say more of the machine than of the network. */
export function isTailNoise({ p50, p95 }: { readonly p50: number; readonly p95: number }): boolean {
  return p95 > NOISY_TAIL * p50;
}
