/** A run leaves a terminal state never. CANCELING may still end SUCCEEDED when the last step was done before it heard. */
export const RUN_STATES = [
  'QUEUED',
  'STARTING',
  'RUNNING',
  'CANCELING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'TIMED_OUT',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** WAITING for dependencies, QUEUED for a worker, RUNNING under a lease; the others are terminal. */
export const STEP_STATES = ['WAITING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type StepState = (typeof STEP_STATES)[number];

export const ATTEMPT_OUTCOMES = ['SUCCEEDED', 'FAILED', 'CANCELED', 'LOST', 'HANDED_BACK', 'TIMED_OUT'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

const TERMINAL_RUN: ReadonlySet<string> = new Set<RunState>(['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT']);
const TERMINAL_STEP: ReadonlySet<string> = new Set<StepState>(['SUCCEEDED', 'FAILED', 'CANCELED']);

export function isRunTerminal(state: string): boolean {
  return TERMINAL_RUN.has(state);
}

export function isStepTerminal(state: string): boolean {
  return TERMINAL_STEP.has(state);
}
