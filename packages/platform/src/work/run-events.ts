import type { Bus } from '../bus/bus.ts';

/** Broadcast on `events.run.<id>` after each visible change. */
export interface RunEvent {
  readonly runId: string;
  readonly seq: number;
}

/** A hint, not the truth: readers also look at the row from time to time. */
export function tellChange(bus: Bus, runId: string, seq: number | undefined): void {
  if (seq !== undefined) bus.broadcast(`events.run.${runId}`, { runId, seq } satisfies RunEvent);
}

/** Makes workers look at their lease on this run now, rather than at their next heartbeat. */
export function tellCancel(bus: Bus, runId: string): void {
  bus.broadcast(`cancel.${runId}`, { runId });
}

export const CANCEL_PATTERN = 'cancel.*';

export function runIdOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('runId' in payload)) return undefined;
  return typeof payload.runId === 'string' ? payload.runId : undefined;
}
