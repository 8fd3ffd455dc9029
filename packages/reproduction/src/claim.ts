export const VERDICTS = ['holds', 'does not hold here', 'cannot be told'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Something that the paper says, and whether these results agree. */
export interface Claim {
  /** Where the paper says it. */
  readonly place: string;
  /** What it says, in our words. */
  readonly claim: string;
  readonly verdict: Verdict;
  /** The figures that decide, in one sentence. */
  readonly said: string;
  /** Name of the figure that shows it; null for a table. */
  readonly figure: string | null;
}

/** Holds or does not, and cannot be told where there is nothing to decide by. */
export function verdictOf(decided: boolean | null): Verdict {
  return decided === null ? 'cannot be told' : decided ? 'holds' : 'does not hold here';
}
