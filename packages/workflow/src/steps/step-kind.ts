/** What is common to all steps of a kind. */
export interface StepKind {
  readonly kind: string;
  /** Which service does them. */
  readonly service: string;
  /** Part of the content key: another number makes results of before count no more. */
  readonly version: number;
  /**
   * Longest time for one attempt: far above what work of a sensible size takes, so that what hangs ends. The process that computes has a
   * limit of its own below it.
   */
  readonly timeoutSeconds: number;
}
