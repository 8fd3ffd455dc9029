/** The deepest cut at once that a training still repairs, as the share of the cost that is left. */
export const FIRST_SHARE = 0.2;
/** How much of a network that was just trained for the task the next round may leave. */
export const NEXT_SHARE = 0.5;

/**
 * The shares of the whole network's cost that rounds leave on the way to `share`, the last of them. A network that was trained for the
 * task at one size is cut to the next far more easily than the whole one is; below the first share the steps are of equal ratio.
 */
export function roundShares(share: number): readonly number[] {
  if (share >= FIRST_SHARE) return [share];
  const steps = Math.ceil(Math.log(share / FIRST_SHARE) / Math.log(NEXT_SHARE) - ROUNDING);
  const ratio = (share / FIRST_SHARE) ** (1 / steps);
  return Array.from({ length: steps + 1 }, (_, i) => (i === steps ? share : FIRST_SHARE * ratio ** i));
}

const ROUNDING = 1e-9;
