/** What a failure code means to the person who meets it. */
export interface FailureKind {
  /** One sentence: what went wrong. */
  readonly cause: string;
  /** One sentence: what to do about it. */
  readonly cure: string;
  /** Whether the same work can succeed when tried again without a change of input. */
  readonly retryable: boolean;
}
