import type { Transaction } from '../database/client.ts';
import type { Run } from '../database/generated/client.ts';
import type { EventType } from './event-types.ts';
import { recordEvent } from './record-event.ts';

/** What an event keeps of a run as it was then. */
export interface RunFacts {
  readonly kind: string;
  readonly name: string | null;
  readonly labels: readonly string[];
  readonly state: string;
  readonly createdBy: string | null;
  readonly modelId: string | null;
  readonly datasetId: string | null;
  readonly reused: boolean;
  readonly failure: { readonly code: string; readonly step: string | null } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

const TYPES: Readonly<Record<string, EventType>> = {
  QUEUED: 'run.queued',
  STARTING: 'run.started',
  SUCCEEDED: 'run.succeeded',
  FAILED: 'run.failed',
  CANCELED: 'run.canceled',
  TIMED_OUT: 'run.timed_out',
};

/** Notes that a run has come into the state that its row has; states that nobody is told of are passed over. */
export async function recordRunEvent(tx: Transaction, run: Omit<Run, 'input'>, at: Date): Promise<void> {
  const type = TYPES[run.state];
  if (type === undefined) return;
  await recordEvent(tx, { type, projectId: run.projectId, run, facts: factsOf(run), at });
}

function factsOf(run: Omit<Run, 'input'>): RunFacts {
  const { kind, name, labels, state, createdBy, modelId, datasetId, reused } = run;
  const failure = run.failure as { readonly code?: string; readonly step?: string } | null;
  return {
    ...{ kind, name, labels, state, createdBy, modelId, datasetId, reused },
    failure: failure?.code === undefined ? null : { code: failure.code, step: failure.step ?? null },
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}
