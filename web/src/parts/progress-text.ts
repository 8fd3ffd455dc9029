import { count, duration } from '../format.ts';
import type { StepState } from '../generated/graphql.ts';

/** How far a step is, as the gateway says it of the step or of the run that it belongs to. */
export interface Standing {
  /** Null where all steps have ended. */
  readonly state: StepState | null;
  readonly message: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: string | null;
  readonly etaSeconds: number | null;
}

/**
 * What a step does at this moment, in parts: who waits is not said to work, and how long it takes is said of what is measured. Empty for a step
 * that has ended, and for one that has said nothing yet.
 */
export function standing({ state, message, done, total, unit, etaSeconds }: Standing): readonly string[] {
  if (state === 'QUEUED') return ['waits for a worker'];
  if (state === 'WAITING') return ['waits for what comes before it'];
  if (state !== 'RUNNING') return [];
  // The stages of a step are no measure of time: they take as long as they take.
  const isMeasured = unit !== 'stages';
  return [
    ...(message === null ? [] : [message]),
    ...(isMeasured && total !== null && unit !== null ? [`${count(done ?? 0)} of ${count(total)} ${unit}`] : []),
    ...(isMeasured && etaSeconds !== null ? [`about ${duration(etaSeconds)} left`] : []),
  ];
}
