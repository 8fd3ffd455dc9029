/** What travels on the bus for an attempt. All else is read from the database when it arrives. */
export interface JobMessage {
  readonly runId: string;
  readonly stepId: string;
  readonly attempt: number;
}

/** The message, or undefined when it is none: another version may have sent it. */
export function parseJobMessage(message: unknown): JobMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { runId, stepId, attempt } = message as Record<string, unknown>;
  if (typeof runId !== 'string' || typeof stepId !== 'string' || typeof attempt !== 'number') return undefined;
  return { runId, stepId, attempt };
}
