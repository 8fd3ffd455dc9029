/** What webhooks choose runs by. */
export interface WantedRun {
  readonly kind: string;
  /** As `key=value`. */
  readonly labels: readonly string[];
}

export interface Choice {
  /** None: all. */
  readonly types: readonly string[];
  /** None: all. */
  readonly kinds: readonly string[];
  /** A run must have all of them. */
  readonly labels: readonly string[];
}

/** Whether a webhook is to hear of an event of a run. */
export function wants({ types, kinds, labels }: Choice, type: string, run: WantedRun): boolean {
  if (types.length > 0 && !types.includes(type)) return false;
  if (kinds.length > 0 && !kinds.includes(run.kind)) return false;
  return labels.every((label) => run.labels.includes(label));
}
