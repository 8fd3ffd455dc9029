import type { Database } from '../database/database.ts';
import type { Run, Step } from '../database/generated/client.ts';
import type { Logger } from '../log/create-logger.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import type { StepCheckpoint } from './checkpoint.ts';
import type { ProgressReport } from './progress-meter.ts';
import type { AttemptSuccess } from './succeed-attempt.ts';

/**
 * Why the signal of a handler was aborted. `canceled`: nobody wants the result. `shutdown`: the process ends, the step will be
 * done again elsewhere. `lost`: another attempt has taken over. `timeout`: the step's time limit is over.
 */
export type AbortReason = 'canceled' | 'shutdown' | 'lost' | 'timeout';

export interface StepContext<Input = unknown> {
  readonly run: Run;
  readonly step: Step;
  readonly input: Input;
  /** Stop as soon as you can once it is aborted; `reason` is an `AbortReason`. */
  readonly signal: AbortSignal;
  /** Call as often as you like: it is written at most twice a second. */
  readonly progress: (report: ProgressReport) => void;
  readonly log: Logger;
  readonly db: Database;
  /** What is put into it is noted as belonging to the step's result. */
  readonly store: ArtifactStore;
  /** For steps that take long: what is left here is found by the next attempt at the same work. */
  readonly checkpoint: StepCheckpoint;
  /** Names this attempt; usable as a name for temporary work that no other attempt shares. */
  readonly token: string;
}

/**
 * Does one kind of step. Resolves with what it made, or throws a Failure; whether it is tried again is the failure's own say.
 * It may be run more than once, at worst at the same time as a lost attempt of the same step, so it writes rows only in `commit`.
 */
export type StepHandler<Input = unknown> = (context: StepContext<Input>) => Promise<Omit<AttemptSuccess, 'artifacts'>>;
