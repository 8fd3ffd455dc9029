/** What can happen, and what a receiver makes of it. */
export const EVENT_TYPES = {
  'run.queued': 'A run was launched.',
  'run.started': 'A worker took the first step of a run.',
  'run.succeeded': 'A run ended, and its results are there. Where it made a report, the event has its verdict.',
  'run.failed': 'A run ended without result; the event has the code of the failure.',
  'run.canceled': 'A run was ended by a person.',
  'run.timed_out': 'A run ended as a step took longer than it may.',
  'model.registered': 'A network was imported.',
  'dataset.registered': 'Labelled images were imported.',
  'webhook.ping': 'Somebody tries whether a webhook arrives.',
} as const satisfies Record<string, string>;

export type EventType = keyof typeof EVENT_TYPES;

/** Those that can be chosen; a ping goes to whom it is meant for. */
export const CHOSEN_TYPES: readonly EventType[] = (Object.keys(EVENT_TYPES) as EventType[]).filter(
  (type) => type !== 'webhook.ping',
);

/** The type as CloudEvents has it. Its version changes with what a receiver could trip over. */
export function cloudEventType(type: string): string {
  return `io.kneepoint.${type}.v1`;
}
