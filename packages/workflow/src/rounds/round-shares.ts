/** The share of its cost that the first cut of a whole network leaves on the way to a target. */
const FIRST_SHARE = 0.4;
/** A target that leaves so much is met at once: a cut that takes a quarter more is not worth a training of its own. */
const AT_ONCE = 0.3;
/** How much of a network that was just trained for the task the next round may leave. */
export const NEXT_SHARE = 0.5;

/**
 * The shares of the whole network's cost that rounds leave on the way to `share`, the last of them. A network that was trained for the
 * task at one size is cut to the next far more easily than the whole one is; below the first share the steps are of equal ratio.
 */
export function roundShares(share: number): readonly number[] {
  if (share >= AT_ONCE) return [share];
  const steps = Math.ceil(Math.log(share / FIRST_SHARE) / Math.log(NEXT_SHARE) - ROUNDING);
  const ratio = (share / FIRST_SHARE) ** (1 / steps);
  return Array.from({ length: steps + 1 }, (_, i) => (i === steps ? share : FIRST_SHARE * ratio ** i));
}

const ROUNDING = 1e-9;
